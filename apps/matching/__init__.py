"""Matching: candidate pairs, decisions and the pure engine."""

FACE = ("engine", "rule")
