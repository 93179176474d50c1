"""Screens about matching: why two records are one or not, patterns of evidence, what people taught."""
