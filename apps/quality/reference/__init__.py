"""Reference data, read when first asked for: countries, currencies, industries, payment terms, words."""
