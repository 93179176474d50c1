"""Tests of the connectors, the mapping language and the sandbox systems."""
