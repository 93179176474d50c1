"""What a read answers, before any framework: the same for a Django view and the fast lane in front of it."""

from dataclasses import dataclass, field

from django.http import HttpResponse

JSON = "application/json"


@dataclass(slots=True)
class Answer:
    """Status, body and headers of a response."""

    status: int
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)
    media_type: str = JSON

    def as_response(self) -> HttpResponse:
        response = HttpResponse(self.body, status=self.status, content_type=self.media_type)
        if self.status in (204, 304):
            del response["Content-Type"]
        for name, value in self.headers:
            response[name] = value
        return response


def is_unchanged(if_none_match: str | None, etag: str) -> bool:
    """Tell whether a caller's copy is fresh (RFC 9110: weak comparison, lists and * allowed)."""
    if not if_none_match:
        return False
    if if_none_match == etag:
        return True
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in tags or tags == ["*"]
