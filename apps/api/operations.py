"""What a view does, declared once: who may, what it takes and gives; read by the view and by the OpenAPI document."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.accounts.roles import Capability
from apps.api.parameters import Parameter
from apps.golden.spec import EntitySpec

Parameters = Callable[[EntitySpec], tuple[Parameter, ...]] | tuple[Parameter, ...]


@dataclass(frozen=True)
class Operation:
    """One method of one address.

    `id`, `summary`, `body` and `answers` may hold {entity}, {Entity}, {label}, {plural}; `body` and `answers` name
    schema components ("" for an answer without content).
    """

    id: str
    summary: str
    needs: Capability
    answers: Mapping[int, str]
    problems: tuple[int, ...] = ()
    parameters: Parameters = ()
    body: str = ""
    description: str = ""
    headers: tuple[str, ...] = ()  # request headers besides Authorization
    conditional: bool = False  # has an ETag and honours If-None-Match
    media_type: str = "application/json"  # of its answers
    signed: bool = False  # no token: the request itself proves who sent it
    cost: Callable[[Mapping[str, Any]], float] | None = field(default=None)

    def parameters_for(self, spec: EntitySpec | None) -> tuple[Parameter, ...]:
        if callable(self.parameters):
            return self.parameters(spec) if spec else ()
        return self.parameters

    def words(self, text: str, spec: EntitySpec | None) -> str:
        if spec is None:
            return text
        return text.format(entity=spec.name, Entity=pascal(spec.name), label=spec.label, plural=spec.plural)


def pascal(name: str) -> str:
    """Return "TaxId" for "tax_id"."""
    return "".join(part.capitalize() for part in name.replace("-", "_").replace(" ", "_").split("_"))
