"""The way of a change through the hub, from the system that told it to the systems that have it."""

FACE: tuple[str, ...] = ()
