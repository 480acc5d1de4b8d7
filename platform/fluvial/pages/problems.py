"""Problems as pages: what went wrong, in words, and the way on."""

from __future__ import annotations

from typing import Any

from fluvial.errors import Problem, Unauthorized
from fluvial.http.call import Answer, Call

from .frame import bare, deed, page, with_query

ICONS = {403: "lock", 404: "map-question", 409: "git-merge", 429: "clock", 503: "cloud-off"}


def problem_page(call: Call, problem: Problem) -> Answer:
    """The answer to a person; scripts that ask for JSON get the problem itself."""
    if "application/json" in call.headers.get("accept", ""):
        return Answer.problem(problem)
    if isinstance(problem, Unauthorized):
        return _to_sign_in(call)
    error = _words(call, problem)
    headers = list(problem.headers.items())
    if signed_in(call):
        answer = page(call, "error.html", problem.title, status=problem.status, error=error)
    else:
        answer = bare(call, "error_bare.html", problem.title, status=problem.status, error=error)
    answer.headers += headers
    return answer


def signed_in(call: Call) -> bool:
    return call.identity is not None and call.session is not None


def _to_sign_in(call: Call) -> Answer:
    wanted = "/"
    if call.method in ("GET", "HEAD"):
        wanted = call.path + (
            f"?{call.raw_query.decode('ascii', 'ignore')}" if call.raw_query else ""
        )
    address = with_query("/signin", next="" if wanted == "/" else wanted)
    if "hx-request" in call.headers:
        return Answer(401, b"", "text/plain", [("hx-redirect", address)])
    return Answer.redirect(address)


def _words(call: Call, problem: Problem) -> dict[str, Any]:
    actions = [deed("Go home", "/", "home")]
    back = call.headers.get("referer", "")
    if back.startswith(call.engine.settings.base_url + "/"):
        actions.insert(0, deed("Back to the page before", back, "arrow-left"))
    details = [str(fault["message"]) for fault in problem.errors]
    text = " ".join(dict.fromkeys([problem.detail, *details[:5]]))
    code = ""
    if problem.status >= 500:
        code = f"{problem.status} · {call.engine.clock.now():%d %b %H:%M:%S} UTC"
    return {
        "icon": ICONS.get(problem.status, "alert-triangle"),
        "title": problem.title,
        "text": text,
        "actions": actions,
        "code": code,
    }
