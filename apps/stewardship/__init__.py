"""Policies, change requests, decisions on pairs, exception tasks and the invariants behind them."""

FACE = ("invariants",)
