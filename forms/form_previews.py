"""A web form as it will be, before it is saved: the real page, which takes no answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

import orjson
import segno

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import NotFound, Problem, Unprocessable, fault
from fluvial.pages.frame import bare
from fluvial.pages.page_looks import PageLook
from fluvial.pages.sign_in import form_text
from metamodel.document_files import document_of
from metamodel.documents import Document
from metamodel.errors import ExpressionError, MetadataError, ValueFault
from metamodel.plain_figures import whole_of
from metamodel.schemas.schema_faults import schema_faults

from .answers import Answers
from .submissions import signer_of
from .web_form_pages import done_page, form_page
from .webforms import WebForm, compiled_webform, find_webform

COLOUR = re.compile("#[0-9a-f]{6}")
DONE = "done"
QUIET = (3, 3)  # modules around a code, and pixels of one
# The page is shown inside the studio, and sends nothing.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)


def preview(call: Call) -> Answer:
    """One step of a form that is being written, or the thanks at its end."""
    try:
        form = _written(call, form_text(call, "document"))
    except Problem as problem:
        return _framed(_fault(call, problem))
    step = form_text(call, "step")
    if step == DONE:
        return _framed(done_page(call, form, form.message))
    at = min(whole_of(step) or 0, len(form.steps) - 1)
    token = signer_of(call, form).token(call.session.now)
    return _framed(form_page(call, form, at, Answers(), token=token))


def _framed(answer: Answer) -> Answer:
    answer.headers = [pair for pair in answer.headers if pair[0] != "content-security-policy"]
    answer.headers.append(("content-security-policy", POLICY))
    return answer


def _fault(call: Call, problem: Problem) -> Answer:
    errors = [{"href": "", "message": one["message"]} for one in problem.errors[:5]]
    errors = errors or [{"href": "", "message": problem.detail}]
    return bare(call, "webform_fault.html", "Preview", status=422, errors=errors)


def _written(call: Call, text: str) -> WebForm:
    """The form of a document that is not saved; Problem where it says too little for a page."""
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Unprocessable("The document is not valid JSON.") from error
    if not isinstance(body, Mapping):
        raise Unprocessable("The document is an object.")
    body = {"slug": "preview", **body, "kind": "webform", "name": body.get("name") or "preview"}
    kind = call.engine.kinds["webform"]
    wrong = list(schema_faults(kind.errors(body), "webform"))
    if wrong:
        errors = [fault(one.pointer, one.code, one.message) for one in wrong]
        raise Unprocessable(errors[0]["message"], errors=errors)
    try:
        document: Document = document_of(body)
        call.session.object(document.body["object"])
        return compiled_webform(call.session.catalog, document)
    except KeyError as error:
        raise Unprocessable(f"There is no field {error}.") from error
    except (MetadataError, ExpressionError, ValueFault) as error:
        raise Unprocessable(str(error)) from error


def address_of(call: Call, slug: str) -> str:
    return f"{call.engine.settings.base_url}/forms/{quote(slug)}"


def code(call: Call) -> Answer:
    """The address of a form as a QR code."""
    call.only()
    form = find_webform(call.session.catalog, call.params["slug"])
    return _code(call, form.slug, f"The address of {form.label}")


def code_to_be(call: Call) -> Answer:
    """The same of a form that is not saved yet."""
    call.only()
    return _code(call, call.params["slug"][:60], "The address of the form")


def _code(call: Call, slug: str, title: str) -> Answer:
    """Dark on light, so that every camera reads it, also from a dark page."""
    made = segno.make(address_of(call, slug), error="m", micro=False)
    svg = made.svg_inline(
        scale=QUIET[1], border=QUIET[0], dark="#14191b", light="#ffffff", omitsize=True,
        title=title,
    )  # fmt: skip
    svg = svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    headers = [("cache-control", "public, max-age=300")]
    return Answer(200, svg.encode(), "image/svg+xml", headers)


def sheet(call: Call) -> Answer:
    """A colour as one can read it, for light pages and for dark ones."""
    colour = f"#{call.params['colour']}"
    if not COLOUR.fullmatch(colour):
        raise NotFound(f"{colour} is not a colour, such as #0a6885.")
    text = PageLook(colour=colour).stylesheet
    headers = [("cache-control", "public, max-age=31536000, immutable")]
    return Answer(200, text.encode(), "text/css; charset=utf-8", headers)


ENDPOINTS = (
    Endpoint("GET", "/forms/{slug}.svg", code, Policy.PUBLIC, "A web form's address as a QR code."),
    Endpoint(
        "GET", "/forms/look/{colour}.css", sheet, Policy.PUBLIC, "A colour of web forms.", page=True
    ),
    Endpoint(
        "GET", "/preview/webform/{slug}.svg", code_to_be, Policy.META_READ,
        "The QR code of a form that is not saved yet.", page=True,
    ),
    Endpoint(
        "POST", "/preview/webform", preview, Policy.META_WRITE, "A web form before it is saved.",
        page=True, form=True,
    ),
)  # fmt: skip
