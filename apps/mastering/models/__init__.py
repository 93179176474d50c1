"""Ownership and survivorship rules, verdicts, pins, merges and refused references."""

from apps.mastering.models.merges import Merge, Unmerge
from apps.mastering.models.ownership import OwnershipMatrix, OwnershipRule
from apps.mastering.models.pins import Pin
from apps.mastering.models.refused import RefusedReference
from apps.mastering.models.survivorship import SurvivorshipPolicy, SurvivorshipRule
from apps.mastering.models.verdicts import WriteVerdict

__all__ = [
    "Merge",
    "OwnershipMatrix",
    "OwnershipRule",
    "Pin",
    "RefusedReference",
    "SurvivorshipPolicy",
    "SurvivorshipRule",
    "Unmerge",
    "WriteVerdict",
]
