#!/usr/bin/env python3
"""Command line of the hub."""

import sys

from django.core.management import execute_from_command_line

from mdm.settings import use_default

if __name__ == "__main__":
    use_default()
    execute_from_command_line(sys.argv)
