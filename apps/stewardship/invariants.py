"""The register of invariants that span records: each is one decorated function that returns its SQL."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from apps.core.registry import Registry

Severity = Literal["warn", "block"]


@dataclass(frozen=True, slots=True)
class Invariant:
    """What must hold over several records.

    `statement` selects the breaches as (record_id, key, message, money, currency); it has one place {subjects}, a
    condition on the column that `subject` names. `reach` tells by entity how to come from changed records, an array
    %(ids)s, to the subjects that may be concerned. `holds`: what breaks it is not distributed.
    """

    name: str
    number: int
    entity: str
    title: str
    severity: Severity
    owner: str
    subject: str
    reach: Mapping[str, str]
    statement: str

    @property
    def holds(self) -> bool:
        return self.severity == "block"


invariants: Registry[Invariant] = Registry("invariant")


def invariant(
    *,
    number: int,
    entity: str,
    subject: str,
    reach: Mapping[str, str],
    owner: str,
    severity: Severity = "block",
) -> Callable[[Callable[[], str]], Callable[[], str]]:
    """Register an invariant under its function's name; the docstring's first line is its title on screen."""

    def decorate(function: Callable[[], str]) -> Callable[[], str]:
        name = function.__name__
        title = (function.__doc__ or name).strip().split("\n")[0]
        invariants.add(
            name,
            Invariant(name, number, entity, title, severity, owner, subject, reach, function()),
        )
        return function

    return decorate
