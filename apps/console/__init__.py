"""The stewards' admin site."""

FACE = ("unfold",)
