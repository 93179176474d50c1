"""Ownership, survivorship, pins, merge, unmerge and trees."""

FACE = ("engine.ownership", "engine.trust", "explaining", "trees")
