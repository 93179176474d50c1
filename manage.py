#!/usr/bin/env python3
"""Command line of the hub; the first call builds the project's own environment.

python3 manage.py up      start everything     python3 manage.py test     run all tests
"""

import os
import sys

from mdm import bootstrap

if __name__ == "__main__":
    bootstrap.enter("dev" if sys.argv[1:2] == ["test"] else "runtime")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mdm.settings.local")

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
