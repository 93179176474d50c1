"""Tell drf-spectacular what a view's declared operations say."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema

from apps.api.operations import Operation
from apps.api.schema.values import ref
from apps.golden.spec import EntitySpec

_HEADERS = {
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "Your name for this request: sent again within 24 hours it is answered, not done, again.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    },
    "If-Match": {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "ETag of what you looked at; the answer is 412 when it changed since.",
        "schema": {"type": "string"},
    },
}
_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "ETag of your copy; the answer is 304 when it is still good.",
    "schema": {"type": "string"},
}


class HubSchema(AutoSchema):
    """Builds an operation from `view.operations`; component schemas stand in `components`."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any
    ) -> dict[str, Any] | None:
        view: Any = self.view
        operation = view.operations.get(method.lower())
        return describe(operation, view.spec, path) if operation else None


def describe(operation: Operation, spec: EntitySpec | None, path: str) -> dict[str, Any]:
    """Return the OpenAPI operation object."""
    parameters = [_path_parameter(name) for name in _names_in(path)]
    parameters += [_HEADERS[name] for name in operation.headers]
    parameters += [_IF_NONE_MATCH] if operation.conditional else []
    parameters += [parameter.document() for parameter in operation.parameters_for(spec)]
    described: dict[str, Any] = {
        "operationId": operation.words(operation.id, spec),
        "summary": operation.words(operation.summary, spec),
        "description": operation.words(operation.description, spec),
        "tags": [spec.plural if spec else "hub"],
        "security": [] if operation.signed else [{"token": []}, {"session": []}],
    }
    if not operation.signed:
        described["x-capability"] = operation.needs.value
    if parameters:
        described["parameters"] = parameters
    if operation.body:
        schema = ref(operation.words(operation.body, spec))
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    described["responses"] = _responses(operation, spec, bool(_names_in(path)))
    return described


def _names_in(path: str) -> Iterable[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def _path_parameter(name: str) -> dict[str, Any]:
    schema = {
        "type": "string",
        **({"format": "uuid"} if name.endswith("_id") else {"pattern": "^[a-z0-9_-]+$"}),
    }
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _responses(operation: Operation, spec: EntitySpec | None, addressed: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status, component in operation.answers.items():
        answer: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        if component:
            schema = ref(operation.words(component, spec))
            answer["content"] = {operation.media_type: {"schema": schema}}
        if operation.conditional:
            answer["headers"] = {"ETag": {"schema": {"type": "string"}}}
        found[str(status)] = answer
    if operation.conditional:
        found["304"] = {"description": "Your copy is still good"}
    usual = {400, 401, 403, 429, 503} | ({404} if addressed else set())
    usual |= {413, 415, 422} if operation.body else set()
    for status in sorted({*usual, *operation.problems}):
        found[str(status)] = {"$ref": f"#/components/responses/{problem_name(status)}"}
    return found


def problem_name(status: int) -> str:
    return f"Problem{status}"


def problem_responses() -> dict[str, Any]:
    """Return the response component of every status a problem may have."""
    return {
        problem_name(status): {
            "description": HTTPStatus(status).phrase,
            "content": {"application/problem+json": {"schema": ref("Problem")}},
        }
        for status in (400, 401, 403, 404, 409, 410, 412, 413, 415, 422, 429, 503)
    }
