"""Problems: what a caller is told, as RFC 9457 says it.

Problem (400)
├── Unauthorized (401)    nobody is signed in, or the token is not valid
├── Forbidden (403)       signed in, but not allowed
├── NotFound (404)        it is not there, or not visible to the caller
├── Conflict (409)        it changed meanwhile, or something uses it
├── TooLarge (413)        over a limit that is written down
├── Unprocessable (422)   understood, but its values do not fit; has every fault at once
├── TooMany (429)         too often; says when to come back
└── Unavailable (503)     a part that it needs is away; says when to come back
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class Problem(Exception):
    """A request that cannot be answered as asked. `extra` members join the JSON body."""

    status = 400
    title = "The request is not valid"

    def __init__(
        self,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        self.detail = detail
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.extra = extra
        super().__init__(detail)

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = self.errors
        return body | self.extra


class Unauthorized(Problem):
    status = 401
    title = "Sign in first"

    def __init__(self, detail: str = "Sign in, or send a valid token.") -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class Forbidden(Problem):
    status = 403
    title = "Not allowed"


class NotFound(Problem):
    status = 404
    title = "Not found"


class Conflict(Problem):
    status = 409
    title = "Conflict"


class TooLarge(Problem):
    status = 413
    title = "Too large"


class Unprocessable(Problem):
    status = 422
    title = "Some values are not valid"


class TooMany(Problem):
    status = 429
    title = "Too many requests"


class Unavailable(Problem):
    status = 503
    title = "Not available right now"


def fault(pointer: str, code: str, message: str) -> dict[str, str]:
    """One member of a problem's `errors`."""
    return {"pointer": pointer, "code": code, "message": message}
