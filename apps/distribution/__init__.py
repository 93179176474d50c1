"""Deliveries to targets: lanes, attempts, dead letters, and what each target knew."""

FACE = ("engine", "knowledge", "ledger", "monitoring", "rehearsing")
