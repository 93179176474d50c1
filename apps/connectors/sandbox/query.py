"""The part of SOQL and SuiteQL that the hub's reads use: select, where with and/or/in, order by, limit."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.|'')*')|(?P<moment>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d))|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<word>[A-Za-z_][\w.]*)|(?P<sign><=|>=|!=|<>|[=<>(),]))"
)
Read = Callable[[str], Any]


class BadQuery(ValueError):
    """The query is not one that this sandbox understands."""


@dataclass(frozen=True, slots=True)
class Query:
    columns: tuple[str, ...]
    source: str
    where: Callable[[Read], bool]
    order: tuple[str, ...]
    limit: int | None


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        position = 0
        text = text.strip()
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None or match.lastgroup is None:
                raise BadQuery(f"unexpected token: {text[position : position + 20]}")
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            position = match.end()
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at][1].upper() if self.at < len(self.tokens) else ""

    def next(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise BadQuery("unexpected end of query")
        self.at += 1
        return self.tokens[self.at - 1]

    def accept(self, *words: str) -> bool:
        if self.peek() in words:
            self.at += 1
            return True
        return False

    def expect(self, word: str) -> None:
        if not self.accept(word):
            raise BadQuery(f"expected {word}, found {self.peek() or 'the end'}")

    def names(self) -> tuple[str, ...]:
        found = [self.next()[1]]
        while self.accept(","):
            found.append(self.next()[1])
        return tuple(found)

    def condition(self) -> Callable[[Read], bool]:
        parts = [self.conjunction()]
        while self.accept("OR"):
            parts.append(self.conjunction())
        return parts[0] if len(parts) == 1 else lambda read: any(part(read) for part in parts)

    def conjunction(self) -> Callable[[Read], bool]:
        parts = [self.comparison()]
        while self.accept("AND"):
            parts.append(self.comparison())
        return parts[0] if len(parts) == 1 else lambda read: all(part(read) for part in parts)

    def comparison(self) -> Callable[[Read], bool]:
        if self.accept("("):
            inner = self.condition()
            self.expect(")")
            return inner
        column = self.next()[1]
        if self.accept("IS"):
            negated = self.accept("NOT")
            self.expect("NULL")
            return lambda read: (read(column) is None) != negated
        if self.accept("IN"):
            self.expect("(")
            wanted = [self.literal()]
            while self.accept(","):
                wanted.append(self.literal())
            self.expect(")")
            return lambda read: bool(read(column) in wanted)
        sign = self.next()[1]
        value = self.literal()
        return lambda read: _compare(read(column), sign, value)

    def literal(self) -> Any:
        kind, text = self.next()
        if kind == "text":
            return re.sub(r"\\(.)|''", lambda m: m[1] or "'", text[1:-1])
        if kind == "number":
            return float(text) if "." in text else int(text)
        if kind == "word":
            return {"NULL": None, "TRUE": True, "FALSE": False}.get(text.upper(), text)
        return text


def _compare(left: Any, sign: str, right: Any) -> bool:
    if sign in ("=", "!=", "<>"):
        return bool(left == right) == (sign == "=")
    if left is None or right is None:
        return False
    if isinstance(right, int | float) and isinstance(left, str) and left.isdigit():
        left = int(left)
    if sign == "<":
        return bool(left < right)
    if sign == ">":
        return bool(left > right)
    return bool(left <= right) if sign == "<=" else bool(left >= right)


def parse_query(text: str) -> Query:
    """Parse a query; BadQuery says what is not understood."""
    parser = _Parser(text)
    parser.expect("SELECT")
    columns = parser.names()
    parser.expect("FROM")
    source = parser.next()[1]
    where = parser.condition() if parser.accept("WHERE") else (lambda read: True)
    order: tuple[str, ...] = ()
    if parser.accept("ORDER"):
        parser.expect("BY")
        order = parser.names()
        parser.accept("ASC")
    limit = int(parser.next()[1]) if parser.accept("LIMIT") else None
    if parser.peek():
        raise BadQuery(f"unexpected token: {parser.peek()}")
    return Query(columns, source, where, order, limit)
