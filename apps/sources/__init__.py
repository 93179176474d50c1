"""Landing of source records."""

FACE = ("readers",)
