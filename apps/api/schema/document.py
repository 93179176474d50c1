"""The whole document, generated once per process."""

from functools import lru_cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from apps.api.schema.components import components
from apps.api.schema.inspector import problem_responses
from apps.core.json import dumps

_ABOUT = """Golden records of the hub, found by golden id, by source key or by value; records posted by source systems;
changes as a feed; decisions of approvers.

Errors are `application/problem+json` (RFC 9457) with a stable `code`. Pages go on with the cursor in `next`. Money and
decimals are text. Personal attributes are null unless your role has the capability `unmask`; `masked` lists them.
Requests are limited per client (`RateLimit` headers)."""


def add_components(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Add component schemas and the ways to sign in; a hook of drf-spectacular."""
    result["info"]["description"] = _ABOUT
    result["components"] = {
        "schemas": dict(sorted(components().items())),
        "responses": problem_responses(),
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer", "description": "A token an administrator issued."},
            "session": {
                "type": "apiKey",
                "in": "cookie",
                "name": "sessionid",
                "description": "Sign-in of the admin.",
            },
        },
    }
    return result


@lru_cache(maxsize=1)
def openapi_document() -> bytes:
    """Return the OpenAPI 3.1 document as JSON."""
    generator: Any = SchemaGenerator
    return dumps(generator().get_schema(request=None, public=True))
