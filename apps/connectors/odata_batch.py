"""OData `$batch`: change sets packed into one multipart request, the answer taken apart again."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

import orjson

from apps.connectors.contracts import Response

_BOUNDARY = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Operation:
    """One write inside a change set; `url` is relative to the service or full."""

    method: str
    url: str
    body: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict)


def pack(change_sets: Sequence[Sequence[Operation]]) -> tuple[str, bytes]:
    """Return content type and body; what stands in one change set happens together or not at all."""
    outer = f"batch_{uuid4().hex}"
    lines: list[bytes] = []
    for operations in change_sets:
        inner = f"changeset_{uuid4().hex}"
        lines += [f"--{outer}".encode(), f"Content-Type: multipart/mixed; boundary={inner}".encode(), b""]
        for number, operation in enumerate(operations, 1):
            lines += [f"--{inner}".encode(), *_packed(operation, number)]
        lines += [f"--{inner}--".encode(), b""]
    lines += [f"--{outer}--".encode(), b""]
    return f"multipart/mixed; boundary={outer}", b"\r\n".join(lines)


def _packed(operation: Operation, number: int) -> list[bytes]:
    body = orjson.dumps(operation.body)
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        **operation.headers,
        "Content-Length": str(len(body)),
    }
    return [
        b"Content-Type: application/http",
        b"Content-Transfer-Encoding: binary",
        f"Content-ID: {number}".encode(),
        b"",
        f"{operation.method} {operation.url} HTTP/1.1".encode(),
        *(f"{name}: {value}".encode() for name, value in headers.items()),
        b"",
        body,
    ]


def unpack(answer: Response) -> list[list[Response]]:
    """Return the answers of each change set; a refused one has a single answer. [] when it is no batch answer."""
    return [
        [_http(part) for part in _parts(kind, body)]
        if kind.lower().startswith("multipart/")
        else [_http((kind, body))]
        for kind, body in _parts(answer.headers.get("content-type", ""), answer.body)
    ]


def _parts(content_type: str, body: bytes) -> list[tuple[str, bytes]]:
    found = _BOUNDARY.search(content_type)
    if found is None:
        return []
    mark = re.escape(b"--" + found[1].encode())
    pieces = re.split(rb"(?:^|\r?\n)" + mark + rb"(?:--)?[ \t]*(?:\r?\n|$)", body)
    return [_headed(piece) for piece in pieces[1:] if piece.strip()]


def _headed(piece: bytes) -> tuple[str, bytes]:
    headers, rest = _split(piece)
    return headers.get("content-type", ""), rest


def _split(piece: bytes) -> tuple[dict[str, str], bytes]:
    head, _, rest = re.sub(rb"^(\r?\n)+", b"", piece).replace(b"\r\n\r\n", b"\n\n", 1).partition(b"\n\n")
    lines = (line.partition(":") for line in head.decode("utf-8", "replace").splitlines())
    return {name.strip().lower(): value.strip() for name, _, value in lines}, rest


def _http(part: tuple[str, bytes]) -> Response:
    status_line, _, rest = part[1].lstrip().partition(b"\n")
    words = status_line.decode("utf-8", "replace").split()
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    headers, body = _split(rest)
    return Response(status, headers, body.strip())
