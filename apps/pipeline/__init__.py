"""Batches in, golden records and news out: the one place that reads like the picture."""

FACE = ("simulating", "tasks")
