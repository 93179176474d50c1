"""Pure survivorship: members, rules and pins in, a golden document and its provenance out."""
