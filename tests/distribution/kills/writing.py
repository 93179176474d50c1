"""Play one writer of a series: `python -m tests.distribution.kills.writing ROLE STATE ADDRESS SEED`."""

import importlib
import sys
from pathlib import Path

import django

if __name__ == "__main__":
    django.setup()  # models cannot be imported before
    role, state, address, seed = sys.argv[1:]
    importlib.import_module("tests.distribution.kills.writers").write(role, Path(state), address, seed)
