"""Ownership, survivorship, pins, merge, unmerge and trees."""

FACE = ("engine.ownership", "engine.strategies", "engine.survivorship", "engine.trust", "explaining", "trees")
