"""The part of OData that the hub uses, seen from the server: filters, and $batch with change sets."""

import re
from collections.abc import Callable
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from apps.connectors.sandbox.messages import Reply, Request

_TOKEN = re.compile(
    r"\s*(?:(?P<typed>(?:guid|datetimeoffset|datetime|time)'[^']*')|(?P<text>'(?:[^']|'')*')"
    r"|(?P<guid>[0-9a-f]{8}-[0-9a-f-]{27})|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][\w/]*)|(?P<sign>[()]))"
)
Read = Callable[[str], Any]
Test = Callable[[Read], bool]


class BadFilter(ValueError):
    """The filter is not one that this sandbox understands."""


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        position, text = 0, text.strip()
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None or match.lastgroup is None:
                raise BadFilter(f"syntax error at {text[position : position + 20]!r}")
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            position = match.end()
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def next(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise BadFilter("unexpected end of filter")
        self.at += 1
        return self.tokens[self.at - 1]

    def any_of(self) -> Test:
        parts = [self.all_of()]
        while self.peek() == "or":
            self.next()
            parts.append(self.all_of())
        return lambda read: any(part(read) for part in parts)

    def all_of(self) -> Test:
        parts = [self.one()]
        while self.peek() == "and":
            self.next()
            parts.append(self.one())
        return lambda read: all(part(read) for part in parts)

    def one(self) -> Test:
        if self.peek() == "(":
            self.next()
            inner = self.any_of()
            if self.next()[1] != ")":
                raise BadFilter("expected )")
            return inner
        column, sign, value = self.next()[1], self.next()[1], self.literal()
        if sign not in ("eq", "ne", "gt", "ge", "lt", "le"):
            raise BadFilter(f"there is no operator {sign!r}")
        return lambda read: _compare(read(column), sign, value)

    def literal(self) -> Any:
        kind, text = self.next()
        if kind == "typed":
            return text.partition("'")[2].removesuffix("'").removesuffix("T00:00:00")
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return float(text)
        return {"null": None, "true": True, "false": False}.get(text, text)


def _compare(left: Any, sign: str, right: Any) -> bool:
    if sign in ("eq", "ne"):
        return bool(left == right) == (sign == "eq")
    if left is None or right is None:
        return False
    if sign in ("gt", "lt"):
        return bool(left > right if sign == "gt" else left < right)
    return bool(left >= right if sign == "ge" else left <= right)


def parse_filter(text: str) -> Test:
    """Return a test of records, which are read through a function from property to value."""
    if not text:
        return lambda read: True
    parser = _Parser(text)
    test = parser.any_of()
    if parser.peek():
        raise BadFilter(f"unexpected {parser.peek()!r}")
    return test


def read_batch(request: Request) -> list[list[Request]]:
    """Return the change sets of a $batch request."""
    head = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
    whole = BytesParser(policy=HTTP).parsebytes(head + request.body)
    sets = []
    for part in whole.iter_parts():
        inner = list(part.iter_parts()) if part.get_content_maintype() == "multipart" else [part]
        sets.append([_request(one.get_payload(decode=True), request) for one in inner])
    return sets


def _request(raw: Any, outer: Request) -> Request:
    head, _, body = raw.partition(b"\r\n\r\n")
    line, *lines = head.decode().split("\r\n")
    method, url, _ = line.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    parts = urlsplit(url)
    base = outer.path.removesuffix("$batch")
    path = unquote(parts.path) if parts.path.startswith("/") else unquote(base + parts.path)
    return Request(method, path, dict(parse_qsl(parts.query)), headers, body.strip(), outer.url)


def batch_reply(sets: list[list[Reply]]) -> Reply:
    """Return the answer of a $batch: one part for each change set, a refused one without the inner wrapping."""
    if any(reply.drop for replies in sets for reply in replies):
        return Reply(0, drop=True)
    lines: list[str] = []
    for number, replies in enumerate(sets):
        lines.append("--batchresponse")
        refused = next((reply for reply in replies if reply.status >= 400), None)
        if refused is not None:
            lines += _part(refused)
            continue
        lines += [f"Content-Type: multipart/mixed; boundary=changeset{number}", ""]
        for reply in replies:
            lines += [f"--changeset{number}", *_part(reply)]
        lines += [f"--changeset{number}--", ""]
    lines += ["--batchresponse--", ""]
    headers = {"Content-Type": "multipart/mixed; boundary=batchresponse"}
    return Reply(200, "\r\n".join(lines), headers)


def _part(reply: Reply) -> list[str]:
    body = reply.packed().decode()
    headers = {"Content-Type": "application/json", **reply.headers, "Content-Length": str(len(body.encode()))}
    return [
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        "",
        f"HTTP/1.1 {reply.status} -",
        *(f"{name}: {value}" for name, value in headers.items()),
        "",
        body,
    ]
