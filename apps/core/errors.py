"""Base of every expected failure: a code for machines, a title for people, a hint what to do."""

from typing import ClassVar


class HubError(Exception):
    """An expected failure. `status` is the HTTP status an API edge answers with."""

    code: ClassVar[str] = "hub_error"
    title: ClassVar[str] = "The request could not be carried out"
    status: ClassVar[int] = 400

    def __init__(self, detail: str = "", **extra: object) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.extra = extra

    def as_problem(self) -> dict[str, object]:
        """Return the members of an RFC 9457 problem document."""
        return {
            "type": f"urn:mdm:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            **self.extra,
        }


class NotFound(HubError):
    code = "not_found"
    title = "There is no such thing"
    status = 404


class Denied(HubError):
    code = "denied"
    title = "Your role does not allow this"
    status = 403


class Conflict(HubError):
    code = "conflict"
    title = "Somebody else changed this meanwhile"
    status = 409


class Invalid(HubError):
    code = "invalid"
    title = "The input is not valid"
    status = 422
