"""Ownership rules, pins and merges."""

from apps.mastering.models.merges import Merge, Unmerge
from apps.mastering.models.ownership import OwnershipMatrix, OwnershipRule
from apps.mastering.models.pins import Pin

__all__ = ["Merge", "OwnershipMatrix", "OwnershipRule", "Pin", "Unmerge"]
