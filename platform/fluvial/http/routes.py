"""Endpoints: a table of method, path, handler and who may call it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from fluvial.kernel.features import Seam
from fluvial.kernel.problems import Problem

from .call import Answer, Call

Handler = Callable[[Call], Answer]

MAX_JSON = 2_000_000
MAX_UPLOAD = 64_000_000


class Policy(Enum):
    """Who may call an endpoint. What they see behind it is the business of their roles."""

    PUBLIC = "anybody"
    SIGNED_IN = "signed-in users"
    META_READ = "roles that may read metadata"
    META_WRITE = "roles that may change metadata"
    ADMIN = "administrators"
    METRICS = "administrators, also with a token for `metrics:read`"

    __hash__ = object.__hash__  # each is one object, and asked for with every call


@dataclass(frozen=True)
class Endpoint:
    """One route. Paths have `{name}` for their parameters."""

    method: str
    path: str
    handler: Handler
    policy: Policy
    about: str  # one sentence, for the OpenAPI document and the list of routes
    page: bool = False  # answers people, so its problems are pages
    form: bool = False  # takes urlencoded and multipart bodies, parsed into `call.form`
    files: tuple[str, ...] | None = ()  # members that may be files; None where the handler says
    max_body: int = MAX_JSON
    csrf: bool = True  # False where another proof stands in its place
    any_scope: bool = False  # a token reads it whatever its scopes
    secret: bool = False  # its answer holds a secret, which is kept nowhere
    own_proof: bool = False  # the handler checks who calls; `Authorization` is no token of ours
    at_once: bool = False  # needs neither the database nor a thread
    personal: bool = False  # about the person's own sign-in: shown to nobody who sees as them
    ends_view: bool = False  # also for those who see as somebody, and else only look
    in_draft: bool = False  # also while a draft is tried, for what is in force
    inside: bool = False  # also inside a change set: `?change_set=ID`
    any_origin: bool = False  # other sites may post to it; the handler checks their origin

    @property
    def writes(self) -> bool:
        return self.method not in ("GET", "HEAD", "OPTIONS")


ENDPOINT: Seam[Endpoint] = Seam("an endpoint")
# The page of a problem, for people.
PROBLEM_PAGE: Seam[Callable[[Call, Problem], Answer]] = Seam("when a page meets a problem")


def problem_answer(call: Call, problem: Problem, *, page: bool) -> Answer:
    """The answer of a problem: JSON, or a page where people asked."""
    pages = call.engine.brought(PROBLEM_PAGE)
    return pages[-1](call, problem) if page and pages else Answer.problem(problem)
