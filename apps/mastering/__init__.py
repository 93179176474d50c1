"""Ownership, survivorship, pins, merge, unmerge and trees."""

FACE = ("trees",)
