"""Problems as pages: what went wrong, in words, and the ways on."""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup, escape

from fluvial.http.call import Answer, Call
from fluvial.kernel.problems import Problem, Unauthorized
from fluvial.metadata_changes.beyond_rights import BeyondRights

from .approval_pages import kept_page
from .frame import Context, action, bare, page, with_query

ICONS = {403: "lock", 404: "map-question", 409: "git-merge", 429: "clock", 503: "cloud-off"}
# What a page says beside the problem's own words: a heading, and what one can do about it.
WORDS = {
    400: ("This address is not valid", "The link may be incomplete. Go back and try another one."),
    403: ("You are not allowed to do this", "An administrator can give your roles this right."),
    404: ("Page not found", "It may be in the bin, or your roles do not show it to you."),
    405: ("This address does not accept this request", ""),
    409: (
        "It has been changed in the meantime",
        "Go back and reload the page to see the current state.",
    ),
    413: ("That is too large", ""),
    422: (
        "Some values are not valid",
        "Go back, fix the values named here, and send the form again.",
    ),
    429: ("Too many requests in a short time", "Wait a moment, then try again."),
    500: (
        "Something went wrong",
        "Try again. If it happens again, send the line below to an administrator.",
    ),
    503: ("Not available right now", "Try again in a moment. No half-finished change was saved."),
}
CODE = re.compile(r"`([^`]*)`")
MAX_FAULTS = 8


def problem_page(call: Call, problem: Problem) -> Answer:
    """The answer to a person; scripts that ask for JSON get the problem itself."""
    kept = kept_page(call, problem) if isinstance(problem, BeyondRights) else ""
    if "application/json" in call.headers.get("accept", ""):
        problem.extra |= {"href": kept} if kept else {}
        return Answer.problem(problem)
    if kept:
        return Answer.redirect(kept)
    if isinstance(problem, Unauthorized):
        return _to_sign_in(call)
    error = _words(call, problem)
    headers = list(problem.headers.items())
    if signed_in(call):
        answer = page(call, "error.html", error["title"], status=problem.status, error=error)
    else:
        answer = bare(call, "error_bare.html", error["title"], status=problem.status, error=error)
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
    title, hint = WORDS.get(problem.status, (problem.title, ""))
    details = list(dict.fromkeys(str(fault["message"]) for fault in problem.errors))
    if details == [problem.detail]:
        details = []
    code = ""
    if problem.status >= 500:
        code = f"{problem.status} · {call.engine.clock.now():%d %b %H:%M:%S} UTC"
    return {
        "icon": ICONS.get(problem.status, "alert-triangle"),
        "status": problem.status,
        "title": title,
        "text": marked(problem.detail),
        "faults": [marked(text) for text in details[:MAX_FAULTS]],
        "hint": hint,
        "actions": _ways_on(call, problem),
        "search_href": "/search" if problem.status == 404 and signed_in(call) else "",
        "code": code,
    }


def marked(text: str) -> Markup:
    """A sentence whose `names` are set apart."""
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(text))))


def _ways_on(call: Call, problem: Problem) -> list[Context]:
    actions = []
    back = call.headers.get("referer", "")
    here = call.base_url + call.path
    if back.startswith(call.base_url + "/") and back.partition("?")[0] != here:
        actions.append(action("Back to the previous page", back, "arrow-left"))
    elif problem.status >= 500 and call.method == "GET":
        actions.append(action("Try again", call.path, "refresh"))
    actions += _of_object(call)
    actions.append(action("Go to the home page", "/", "home"))
    return actions


def _of_object(call: Call) -> list[Context]:
    """From a record that is not there to the others of its object."""
    name = call.params.get("object", "")
    if not signed_in(call) or not call.session.access.object(name).can("read"):
        return []
    type_ = call.session.catalog.objects[name]
    found = [action(f"All {type_.plural.lower()}", f"/o/{name}?view=all", type_.icon)]
    if call.session.access.object(name).can("delete"):
        found.append(action("Open the bin", f"/o/{name}/bin", "trash"))
    return found
