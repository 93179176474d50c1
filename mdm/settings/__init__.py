"""Which settings module applies when none is named."""

import os


def use_default() -> None:
    """Fall back to the local settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mdm.settings.local")
