"""The tab of a record with its links: made, used, revoked; and the way to a new one."""

from __future__ import annotations

from collections.abc import Sequence

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.pages.frame import Context, page
from fluvial.pages.reader_format import ReaderFormat, format_of, record_href
from fluvial.pages.record_tabs import RecordTab, ShownOn
from fluvial.pages.sign_in import form_text
from fluvial.records.reading.reader import read_one
from metamodel.catalog import ObjectType
from metamodel.folding import humanise

from . import link_making
from .action_links import links_of
from .link_making import EXPIRED, OPEN, REVOKED, USED
from .link_passes import LinkPass, LinkUse

TAB = "links"
STATES = {OPEN: "Open", USED: "Used", EXPIRED: "Expired", REVOKED: "Revoked"}
TONES = {OPEN: "info", USED: "good", EXPIRED: "", REVOKED: ""}


def link_tabs(shown: ShownOn) -> Sequence[RecordTab]:
    """The tab, for those who may make a link of this record."""
    session, type_ = shown.session, shown.type
    if session.as_of is not None:
        return []
    mine = link_making.made_by_actor(session, type_)
    mine = [one for one in mine if link_making.may_hand_out(session, one, shown.id)]
    if not mine:
        return []
    found = link_making.handed_out(session, type_, shown.id)
    makes = [{"value": one.name, "label": one.label} for one in mine]

    def panel() -> Context:
        fmt = shown.fmt
        fmt.names.want([("user", one.made_by) for one, _ in found if one.made_by])
        fmt.names.load()
        return {
            "action": f"{record_href(type_.name, shown.id)}/links",
            "makes": makes,
            "rows": [_row(shown, fmt, one, uses) for one, uses in found],
        }

    count = f"{len(found):,}" if found else ""
    return [RecordTab(TAB, "Links", "_link_tab.html", panel, count=count)]


def _row(shown: ShownOn, fmt: ReaderFormat, one: LinkPass, uses: list[LinkUse]) -> Context:
    link = links_of(shown.session.catalog).get(one.link)
    state = link_making.state_of(one, link, shown.session.now)
    maker = fmt.names.title("user", one.made_by) if one.made_by else ""
    return {
        "label": link.label if link is not None else humanise(one.link),
        "to": one.recipient,
        "state": STATES[state],
        "tone": TONES[state],
        "made": fmt.moment(one.made_at),
        "by": maker or ("a rule" if one.made_rule else ""),
        "expires": fmt.moment(one.expires_at),
        "revoke": f"{record_href(shown.type.name, shown.id)}/links/{one.id}/revoke"
        if state == OPEN
        else "",
        "uses": [
            {
                "at": fmt.moment(use.at),
                "address": use.address,
                "answers": ", ".join(f"{name}: {said}" for name, said in use.answers.items()),
            }
            for use in uses
        ],
    }


def _record(call: Call) -> tuple[ObjectType, str, str]:
    type_ = call.session.object(call.params["object"])
    paths = (("id",), ("title",))
    record = read_one(call.session, type_.name, call.params["id"], paths)
    return type_, str(record["id"]), str(record["title"])


def make(call: Call) -> Answer:
    """A new link, whose address is shown once."""
    type_, record, title = _record(call)
    body = {"link": form_text(call, "link"), "to": form_text(call, "to")}
    with call.session.connection.transaction():
        made = link_making.make_as_asked(call.session, type_, record, body)
    link, href = links_of(call.session.catalog)[made.link], record_href(type_.name, record)
    return page(
        call, "link_made.html", link.label, here=f"/o/{type_.name}",
        crumbs=[(type_.plural, f"/o/{type_.name}"), (title, href)],
        made={
            "title": link.label,
            "record": title,
            "to": made.recipient,
            "address": link_making.address(call.session, made),
            "once": link.once,
            "until": format_of(call.session).full(made.expires_at),
            "back_href": f"{href}?related={TAB}",
        },
    )  # fmt: skip


def revoke(call: Call) -> Answer:
    type_, record, _ = _record(call)
    with call.session.connection.transaction():
        link_making.revoke(call.session, call.params["link"])
    return Answer.redirect(f"{record_href(type_.name, record)}?related={TAB}")


_ONE = "/o/{object}/{id}/links"

ENDPOINTS = (
    Endpoint(
        "POST", _ONE, make, Policy.SIGNED_IN, "Make a link of a record.", page=True, form=True,
        secret=True,
    ),
    Endpoint(
        "POST", f"{_ONE}/{{link}}/revoke", revoke, Policy.SIGNED_IN, "Revoke a link of a record.",
        page=True, form=True,
    ),
)  # fmt: skip
