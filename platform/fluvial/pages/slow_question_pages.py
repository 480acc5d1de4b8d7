"""Slow questions: reads that took long, and the index that would help each."""

from __future__ import annotations

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import NotFound
from fluvial.kernel.slow_questions import Slow, SlowQuestion
from fluvial.metadata_changes import apply
from fluvial.runtime.catalogs import stored_layers
from metamodel import asked_keys, index_questions
from metamodel.catalog import ObjectType
from metamodel.documents import SITE

from .frame import Context, page
from .reader_format import ReaderFormat, format_of
from .sign_in import form_text

HERE = "/studio/slow"
MAX_SHOWN = 50
READS = {"list": "A list", "count": "A count", "summary": "A summary", "board": "A board"}
NO_INDEX = "There is an index for it, or none can serve it: ask for fewer records."


def show(call: Call) -> Answer:
    fmt, slow = format_of(call.session), call.engine.slow
    objects = call.session.catalog.objects
    found = [one for one in slow.all() if one.question.object in objects][:MAX_SHOWN]
    shown: Context = {
        "limit": f"{slow.limit * 1000:,.0f} ms",
        "items": [_item(call, one, objects[one.question.object], fmt) for one in found],
        "action": f"{HERE}/index" if "write" in call.session.access.meta else "",
    }
    return page(
        call, "slow_questions.html", "Slow questions", crumbs=[("Studio", "/studio")],
        here=HERE, slow=shown,
    )  # fmt: skip


def _item(call: Call, one: Slow, type_: ObjectType, fmt: ReaderFormat) -> Context:
    fields = _proposed(call, one.question)
    labels = [type_.fields[name].label for name in fields]
    return {
        "object": type_.plural,
        "name": type_.name,
        "text": _words(one.question, type_),
        "times": one.times,
        "worst": f"{one.worst * 1000:,.0f} ms",
        "last": fmt.ago(one.last),
        "index": ", ".join(labels),
        "fields": ",".join(fields),
        "why": NO_INDEX,
    }


def _proposed(call: Call, question: SlowQuestion) -> tuple[str, ...]:
    if question.search or question.read == "summary":
        return ()
    catalog = call.session.catalog
    equal = (*question.equal, *index_questions.fixed(catalog, question.object, question.where))
    sort = tuple(name for name in question.sort if "." not in name)
    return asked_keys.proposed(catalog, index_questions.IndexQuestion(question.object, equal, sort))


def _words(question: SlowQuestion, type_: ObjectType) -> str:
    """What was asked, as a sentence."""
    words = [READS[question.read]]
    conditions = [f"{type_.fields[name].label} is …" for name in question.equal]
    if question.where:
        conditions.append(question.where)
    if conditions:
        words.append(f"where {' and '.join(conditions)}")
    if question.search:
        words.append("with a search")
    if question.sort:
        words.append(f"by {', '.join(question.sort)}")
    return ", ".join(words)


def make(call: Call) -> Answer:
    """Add the key to the site's part of the object."""
    name = form_text(call, "object")
    fields = [part for part in form_text(call, "fields").split(",") if part]
    type_ = call.session.catalog.objects.get(name)
    if type_ is None or not fields:
        raise NotFound(f"There is no object `{name}`.")
    key = ("object", name)
    site = stored_layers(call.session.connection)[SITE].get(key)
    body = dict(site.body) if site is not None else {"kind": "object", "name": name}
    # All of them: a list whose parts have no names replaces the package's.
    keys = [*type_.spec.get("keys", ()), {"name": "_".join(fields)[:60], "fields": fields}]
    change = apply.MetadataChange(
        {key: body | {"keys": keys}}, note=f"Index of {type_.plural.lower()}"
    )
    change.seen = {key: site.body if site is not None else None}
    apply.apply(call.session, change)
    return Answer.redirect(HERE)


ENDPOINTS = (
    Endpoint("GET", HERE, show, Policy.META_READ, "Reads that took long.", page=True),
    Endpoint(
        "POST", f"{HERE}/index", make, Policy.META_WRITE, "Make an index.", page=True, form=True
    ),
)
