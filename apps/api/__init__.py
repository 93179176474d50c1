"""REST version 1, built from the entity specs."""

FACE = ("lane",)
