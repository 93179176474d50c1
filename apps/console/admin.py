"""Imports every screen, so that the site's URLs know them: Django's autodiscovery starts here."""

from apps.console import dashboard
from apps.console.golden import list_screen, record_screen

__all__ = ["dashboard", "list_screen", "record_screen"]
