"""Imports every screen, so that the site's URLs know them: Django's autodiscovery starts here."""

from apps.console import dashboard, golden

__all__ = ["dashboard", "golden"]
