"""Columns of typed tables, one function per `Kind`: absent is NULL, a reference may still be waiting."""

from collections.abc import Sequence
from typing import Any

from django.db import models


def text(length: int = 240) -> "models.CharField[str | None, str | None]":
    return models.CharField(max_length=length, null=True, blank=True)


def choice(choices: Sequence[str]) -> "models.CharField[str | None, str | None]":
    named = [(value, value.replace("_", " ")) for value in choices]
    return models.CharField(max_length=20, null=True, blank=True, choices=named)


def integer() -> "models.BigIntegerField[int | None, int | None]":
    return models.BigIntegerField(null=True, blank=True)


def decimal() -> "models.DecimalField[Any, Any]":
    return models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)


def money() -> "models.DecimalField[Any, Any]":
    return models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)


def flag() -> "models.BooleanField[bool | None, bool | None]":
    return models.BooleanField(null=True, blank=True)


def day() -> "models.DateField[Any, Any]":
    return models.DateField(null=True, blank=True)


def reference(to: str, related_name: str) -> "models.ForeignKey[Any, Any]":
    """Return a column that points at the typed table of an entity, by "app.Model" or "self".

    Rows are written set-based, in any order inside one transaction: the database, not the ORM,
    refuses at commit a row that points at nothing.
    """
    return models.ForeignKey(
        to, null=True, blank=True, on_delete=models.DO_NOTHING, related_name=related_name
    )
