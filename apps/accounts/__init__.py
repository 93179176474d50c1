"""Users, service clients, roles and tokens."""

FACE = ("roles",)
