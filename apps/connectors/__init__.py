"""The systems the hub reads from and writes to."""

FACE = ("mappings", "registry", "sandbox", "settings", "webhooks")
