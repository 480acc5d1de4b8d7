"""The conversation on a record's page: mails on the timeline, and the box to answer them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from conversations.mail import mail_drafts, mail_replies, mail_store
from conversations.mail.mail_pages import CID
from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Conflict, NotFound
from fluvial.pages.presenters import file_size
from fluvial.pages.reader_format import ReaderFormat, record_href
from fluvial.pages.record_tabs import ShownOn
from fluvial.pages.record_talk import COMPOSER, SPOKEN_FACE, Composer, SpokenFace
from fluvial.pages.sign_in import form_text
from fluvial.runtime.languages import language_of
from fluvial.runtime.reader_zone import zone_of
from fluvial.runtime.session import Session
from fluvial.services import comments
from fluvial.services.mail import as_text
from fluvial.services.plain_templates import as_html_source
from fluvial.services.templates import TemplateFault, TemplateText
from metamodel.catalog import ObjectType
from metamodel.conversation_part import CONVERSATION
from metamodel.folding import humanise, label_text
from rules.filled import renderer_of
from rules.letter_words import in_language, words_in
from rules.template_data import data_now

from . import messages
from .writing_messages import written

NOTES: Mapping[str, tuple[str, str]] = {
    "stranger": ("warn", "The sender does not take part yet. Only those who work on this read it."),
    "colleague": ("faint", "A colleague wrote this by mail. Only those who work on this read it."),
    "forged": ("bad", "The mail server says that the sender is forged."),
    "several_senders": ("warn", "The mail names more than one sender."),
    "remote_images": ("faint", "Images of other servers are not shown."),
    "winmail": (
        "warn",
        "Files may be hidden in winmail.dat. Ask the sender for plain attachments.",
    ),
    "broken": ("faint", "The mail is not built as it should be; something may be missing."),
    "cut": ("faint", "The mail is very long. All of it is in the original."),
}
KINDS = {"automatic": "automatic", "bounce": "could not be delivered", "bulk": "sent to a list"}


def faces(
    session: Session,
    fmt: ReaderFormat,
    object_name: str,
    record: str,
    said: Sequence[Mapping[str, Any]],
) -> dict[str, SpokenFace]:
    """The mails among what was said."""
    mails = [one for one in said if one["channel"] == mail_store.MAIL]
    if not mails:
        return {}
    shown = messages.with_mails(session, object_name, record, mails)
    return {one["id"]: _face(one) for one in shown if "direction" in one}


def _face(mail: Mapping[str, Any]) -> SpokenFace:
    out = mail["direction"] == mail_store.OUT
    who = mail["speaker"] or mail["sender"]["name"] or mail["sender"]["address"]
    kind = KINDS.get(mail.get("kind", ""), "")
    what = Markup("<b>{}</b> {}{}").format(
        who, "wrote to them" if out else "wrote", f" ({kind})" if kind else ""
    )
    files = {one["cid"]: one["url"] for one in mail["files"] if one.get("cid")}
    html = mail["html"] and with_images(mail["html"], files)
    quoted = mail["quoted_html"] and with_images(mail["quoted_html"], files)
    return SpokenFace(
        "_mail.html",
        what,
        icon="" if out or not kind else "mail-off",
        tone="" if mail["public"] else "warn",
        face={
            "route": _route(mail),
            "subject": mail["subject"],
            "html": Markup(html) if html else "",
            "text": mail["text"],
            "quoted_html": Markup(quoted) if quoted else "",
            "quoted": mail["quoted"],
            "files": [{**one, "size": file_size(one["size"])} for one in mail["files"]],
            "notes": [NOTES[note] for note in mail.get("notes", ()) if note in NOTES],
            "internal": not mail["public"],
            "raw": mail.get("raw"),
        },
    )


def _route(mail: Mapping[str, Any]) -> str:
    """From whom to whom: names may deceive, so addresses are shown."""
    parts = [f"from {mail['sender']['address']}"] if mail["direction"] == mail_store.IN else []
    for name in ("to", "cc", "bcc"):
        people = [one["address"] for one in mail.get(name, ())]
        if people:
            parts.append(f"{name} {', '.join(people)}")
    return ", ".join(parts)


def with_images(html: str, files: Mapping[str, str]) -> str:
    """The images of the mail itself, by the addresses of its files; others are left out."""

    def place(match: re.Match[str]) -> str:
        found = CID.search(match[0])
        address = files.get(found[1]) if found else None
        return f'<img loading="lazy" alt="" src="{escape(address)}">' if address else ""

    return re.sub(r"<img\b[^>]*>", place, html)


def composer(shown: ShownOn) -> Composer | None:
    """The box to answer or to note something, for those who work on the record."""
    session, type_ = shown.session, shown.type
    if CONVERSATION.of(type_) is None or not comments.works_on(session, type_.name, shown.id):
        return None
    found = mail_replies.proposal_of(session, type_.name, shown.id)
    draft = mail_drafts.draft_of(session, shown.id) or {}

    def line(name: str, proposed: Sequence[Any]) -> str:
        given = draft.get(name)
        return ", ".join(given if given is not None else [one.address for one in proposed])

    return Composer(
        "_composer.html",
        {
            "href": f"{record_href(type_.name, shown.id)}/messages",
            "api": f"/api/records/{type_.name}/{shown.id}",
            "text": draft.get("text", ""),
            "public": bool(draft.get("public")),
            "to": line("to", found.to),
            "cc": line("cc", found.cc),
            "bcc": line("bcc", ()),
            "subject": draft.get("subject") or found.subject,
            "prepared": _prepared(session, type_.name),
            "writing": mail_drafts.writers_of(session, type_.name, shown.id),
            "label": type_.label.lower(),
            "merge_href": _merge_href(session, type_, shown.id),
        },
    )


def _merge_href(session: Session, type_: ObjectType, record: str) -> str:
    """Where it is merged into another one; nowhere for those who may not delete it."""
    conversation = CONVERSATION.of(type_)
    numbered = conversation is not None and bool(conversation.number)
    deletes = session.access.object(type_.name).can("delete")
    return f"{record_href(type_.name, record)}/merge" if numbered and deletes else ""


def _prepared(session: Session, object_name: str) -> list[dict[str, str]]:
    """The templates that an answer may begin with."""
    found = [
        {"name": name, "label": label_text(one.body.get("label", humanise(name)))}
        for name, one in session.catalog.of("template").items()
        if one.body.get("for") == object_name and one.body.get("channel", "email") == "email"
    ]
    return sorted(found, key=lambda one: one["label"].lower())


def fill_template(call: Call) -> Answer:
    """A template filled with the values of a record, as text that an answer begins with."""
    call.only()
    session, params = call.session, call.params
    type_ = session.object(params["object"])
    comments.commentable(session, type_.name, params["id"])
    document = session.catalog.of("template").get(params["template"])
    if document is None or document.body.get("for") != type_.name:
        raise NotFound(f"{type_.label} has no template `{params['template']}`.")
    said = words_in(document.body, language_of(session))
    try:
        data = data_now(in_language(session, said.language), type_, params["id"], said.body)
        (html,) = renderer_of(session.engine).render(
            [TemplateText(as_html_source(said.body))],
            data,
            zone=str(zone_of(session)),
            locale=said.language,
        )
    except TemplateFault as fault:
        raise Conflict(f"The template cannot be filled in. {fault}") from fault
    return Answer.json({"text": as_text(html).strip()})


def post_message(call: Call) -> Answer:
    """The box of the page, where no script runs."""
    params = call.params
    public = form_text(call, "public") == "true"
    body: dict[str, Any] = {"text": form_text(call, "text"), "public": public}
    if public:
        for name in ("to", "cc", "bcc"):
            body[name] = split_addresses(form_text(call, name))
        body["subject"] = form_text(call, "subject")
    elif call.form is not None:
        body["mentions"] = call.form.getlist("mention")
    written(call.session, params["object"], params["id"], body)
    return Answer.redirect(record_href(params["object"], params["id"]) + "#timeline")


def split_addresses(text: str) -> list[str]:
    return [one.strip() for one in re.split(r"[,;\s]+", text) if one.strip()]


ENDPOINTS = (
    Endpoint(
        "GET", "/api/records/{object}/{id}/reply/{template}", fill_template, Policy.SIGNED_IN,
        "A template filled in, as the beginning of an answer.",
    ),
    Endpoint(
        "POST", "/o/{object}/{id}/messages", post_message, Policy.SIGNED_IN,
        "Write a note or an answer.", page=True, form=True,
    ),
)  # fmt: skip
BRINGS = (SPOKEN_FACE(faces), COMPOSER(composer))
