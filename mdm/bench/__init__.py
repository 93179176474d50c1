"""Benchmarks: measure the hub against labelled data and against other programs."""
