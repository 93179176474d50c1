"""Errors that a record may be at fault for; what is not among them is the fault of the hub's surroundings."""

import psycopg
from django.db import DataError, IntegrityError, ProgrammingError

from apps.core.errors import HubError

RECORD_FAULTS = (
    DataError,
    IntegrityError,
    psycopg.DataError,
    psycopg.IntegrityError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
)
RUN_FAULTS = (
    *RECORD_FAULTS,
    HubError,
    ProgrammingError,
    psycopg.ProgrammingError,
    ArithmeticError,
    RuntimeError,
)
"""What the next worker would meet again: a run ends with it, told, instead of passing from hand to hand."""
