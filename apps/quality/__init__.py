"""Standardizers, validation rules, reference data and scorecards."""

FACE = ("registry",)
