"""Sandbox systems: stateful loopback servers that speak as much of a vendor's API as the hub uses."""

from apps.connectors.sandbox.running import RunningSandbox, default_secrets, open_sandbox, start_sandbox

__all__ = ["RunningSandbox", "default_secrets", "open_sandbox", "start_sandbox"]
