"""Rules that stewards edit: ownership, approval policies, match rules, mappings, jobs, source systems."""
