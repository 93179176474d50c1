"""Request bodies: strict JSON, checked against the very schema that the OpenAPI document shows."""

from functools import lru_cache
from typing import Any

import orjson
from django.http import HttpRequest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from apps.api.problems import InvalidBody, MalformedRequest, UnsupportedMediaType, pointer
from apps.api.schema.components import components

MOST_ERRORS = 20


def read_json(request: HttpRequest) -> Any:
    """Return the decoded body. Raises UnsupportedMediaType, MalformedRequest."""
    if request.content_type != "application/json":
        raise UnsupportedMediaType(
            f"The content is {request.content_type or 'of no type'}; send application/json."
        )
    try:
        return orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        detail = f"The content is not JSON (UTF-8): {error.msg} at line {error.lineno}, column {error.colno}."
        raise MalformedRequest(
            detail, errors=[{"pointer": "", "code": "not_json", "detail": detail}]
        ) from None


@lru_cache(maxsize=256)
def _validator(component: str) -> Draft202012Validator:
    schemas = components()
    schema = {"$ref": f"#/components/schemas/{component}", "components": {"schemas": schemas}}
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def read_body(request: HttpRequest, component: str) -> Any:
    """Return the decoded body when it is valid for a schema component. Raises InvalidBody with JSON pointers."""
    content = read_json(request)
    try:
        errors = _errors_of(content, component, may_hold_nul=b"\\u0000" in request.body)
    except RecursionError:
        detail = "The content is nested too deeply."
        errors = [{"pointer": "", "code": "too_deep", "detail": detail}]
    if errors:
        detail = "; ".join(f"{error['pointer'] or 'content'}: {error['detail']}" for error in errors[:3])
        raise InvalidBody(detail[:500], errors=errors[:MOST_ERRORS])
    return content


def _errors_of(content: Any, component: str, *, may_hold_nul: bool) -> list[dict[str, str]]:
    errors: list[dict[str, str]] = []
    for error in _validator(component).iter_errors(content):
        errors.extend(_told(error))
        if len(errors) >= MOST_ERRORS:
            break
    if may_hold_nul and (path := _path_of_nul(content)) is not None:
        errors.append({"pointer": path, "code": "nul", "detail": "Texts cannot hold the NUL character."})
    return errors


def _told(error: ValidationError) -> list[dict[str, str]]:
    if error.validator in ("anyOf", "oneOf") and error.context:
        return [_one(error, "It fits none of the forms it may have.")]
    return [_one(error, error.message)]


def _one(error: ValidationError, message: str) -> dict[str, str]:
    return {"pointer": pointer(error.absolute_path), "code": str(error.validator), "detail": message[:200]}


def _path_of_nul(content: Any, path: tuple[Any, ...] = ()) -> str | None:
    if isinstance(content, str):
        return pointer(path) if "\0" in content else None
    pairs: Any = (
        content.items()
        if isinstance(content, dict)
        else enumerate(content)
        if isinstance(content, list)
        else ()
    )
    for key, value in pairs:
        if isinstance(key, str) and "\0" in key:
            return pointer(path)
        if (found := _path_of_nul(value, (*path, key))) is not None:
            return found
    return None
