"""Templates tried out before they are saved: on a real record, for a chosen reader, as a mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson
from babel import Locale
from markupsafe import escape

from fluvial.auth.actors import Actor
from fluvial.database.rate_limits import Rate, limited
from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.ids import is_id, new_id
from fluvial.kernel.problems import Conflict, NotFound, Unprocessable, fault
from fluvial.pages.sign_in import form_text
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.rows import load_row
from fluvial.records.reading.query import Query, SortKey
from fluvial.records.reading.reader import find_one, read_page
from fluvial.runtime.languages import language_of, offered
from fluvial.runtime.reader_zone import zone_of
from fluvial.runtime.session import Session
from fluvial.services import mail
from fluvial.services.plain_templates import as_html_source
from fluvial.services.templates import Need, TemplateFault, TemplateText, needs
from metamodel.catalog import ObjectType
from metamodel.errors import ExpressionError
from metamodel.expressions import types
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.python import evaluate
from metamodel.expressions.scope import scope_of
from metamodel.translations import LANGUAGE

from .filled import renderer_of
from .letter_words import LetterWords, in_language, words_in
from .reader_environment import ReaderEnvironment
from .template_channels import channel_of
from .template_check import LETTERS, check_need
from .template_data import data_now, in_common
from .text_links import sample_links, unknown_links

RATE = Rate.read("30/hour")
PARTS = ("subject", "body")
# Beside those in which anything is said already.
LANGUAGES = (
    "cs", "da", "de", "en", "es", "fi", "fr", "hu", "it", "nb", "nl", "pl", "pt", "ro", "sv", "tr",
)  # fmt: skip
POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; "
    "frame-ancestors 'self'"
)
NO_SERVER = "Mail is not set up, so nothing can be sent: set FLUVIAL_SMTP_URL."


@dataclass(frozen=True)
class LetterTrial:
    """What is tried: the template as it is being written, a record and a reader."""

    type: ObjectType
    template: Mapping[str, Any]
    record: dict[str, Any] | None
    reader: Session
    said: LetterWords


class _Collected:
    """What is wrong with a text, in words, without ending the trial."""

    def __init__(self, objects: Mapping[str, ObjectType]) -> None:
        self.objects = objects
        self.found: list[dict[str, str]] = []

    def uses(self, pointer: str, place: str) -> None:
        """Nothing is saved, so nothing has to be followed."""

    def fault(self, pointer: str, code: str, message: str, hint: str = "") -> None:
        self.found.append(fault(pointer, code, f"{message} {hint}".strip()))


def _wrong(member: str, message: str) -> Unprocessable:
    return Unprocessable(message, errors=[fault(f"/{member}", "not_valid", message)])


def _asked(call: Call, body: Mapping[str, Any]) -> LetterTrial:
    template = body.get("template")
    if not isinstance(template, Mapping) or not isinstance(template.get("for"), str):
        raise _wrong("template", "`template` must be a template with `for`, `subject` and `body`.")
    if not channel_of(template).letter:
        raise _wrong("template", "This template is printed, and not sent as a message.")
    texts = {part: template.get(part) or " " for part in PARTS}
    if not all(isinstance(text, str) for text in texts.values()):
        raise _wrong("template", "The subject and the body must be texts.")
    template = {**template, **texts, "translations": _translations(template)}
    type_ = call.session.object(template["for"])
    reader = _reader(call.session, body.get("recipient"))
    language = body.get("language") or language_of(reader)
    if not isinstance(language, str) or not LANGUAGE.fullmatch(language):
        raise _wrong("language", "`language` must be a language, such as de.")
    record = _record(call.session, type_, body.get("record"))
    return LetterTrial(type_, template, record, reader, words_in(template, language))


def _translations(template: Mapping[str, Any]) -> dict[str, Any]:
    """Those that are texts; what else is wrong with them is told where they are written."""
    said = template.get("translations")
    found = said.items() if isinstance(said, Mapping) else ()
    return {
        name: {p: words[p] for p in PARTS if isinstance(words.get(p), str) and words[p]}
        for name, words in found
        if isinstance(words, Mapping)
    }


def _reader(session: Session, user: Any) -> Session:
    """The person that the letter is for; oneself where nobody is chosen."""
    if user in (None, ""):
        return session
    actor = session.engine.people.actor(session.connection, str(user)) if is_id(user) else None
    own = actor is not None and actor.id == session.actor.id
    if actor is None or not (own or _may_know(session, actor)):
        raise _wrong("recipient", "This person is not there, or no longer active.")
    return session.as_actor(actor)


def _may_know(session: Session, actor: Actor) -> bool:
    """The answer tells whom the letter is for: by name, and by address where one may read it."""
    may_read = session.access.object("user").can("read")
    return may_read and find_one(session, "user", str(actor.id), (("id",),)) is not None


def _address(session: Session, actor: Actor) -> str:
    own = actor.id == session.actor.id
    return actor.email if own or not session.access.hides("user", "email") else ""


def _record(session: Session, type_: ObjectType, record: Any) -> dict[str, Any] | None:
    """The chosen record; the newest that the author may read where none is chosen."""
    paths = (("id",), ("title",))
    if record not in (None, ""):
        found = find_one(session, type_.name, record, paths) if isinstance(record, str) else None
        if found is None:
            raise NotFound(f"There is no such {type_.label.lower()}, or you may not read it.")
        return {"id": found["id"], "title": found["title"]}
    newest = (SortKey(("created_at",), True),) if "created_at" in type_.fields else ()
    page = read_page(session, Query(type_.name, paths, sort=newest, limit=1))
    found = page["data"][0] if page["data"] else None
    return {"id": found["id"], "title": found["title"]} if found else None


def _faults(trial: LetterTrial, session: Session) -> list[dict[str, str]]:
    collected = _Collected(session.catalog.objects)
    for part, text in zip(PARTS, (trial.said.subject, trial.said.body), strict=True):
        within = f"/translations/{trial.said.language}" if trial.said.language else ""
        pointer = f"{within}/{part}"
        try:
            need = needs(text, (trial.type.name, *LETTERS))
            check_need(pointer, trial.type, need.members.get(trial.type.name, Need()), collected)
            for name in unknown_links(session, trial.type, need):
                collected.fault(pointer, "unknown_link", f"There is no link `{name}` here.")
            as_html_source(text)
        except TemplateFault as problem:
            collected.fault(pointer, "template", str(problem))
    return collected.found


def _data(trial: LetterTrial, session: Session) -> dict[str, Any]:
    """What both the author and the reader may read: nobody learns more by trying it out."""
    assert trial.record is not None
    day = _day(trial, session)
    found = []
    for one in (session, trial.reader):
        reader = in_language(one if day is None else one.at(day), trial.said.language)
        said = trial.said
        found.append(data_now(reader, trial.type, trial.record["id"], said.subject, said.body))
    common: dict[str, Any] = in_common(found[1], found[0])
    texts = (trial.said.subject, trial.said.body)
    return common | sample_links(session, trial.type.name, LETTERS, *texts)


def _day(trial: LetterTrial, session: Session) -> Any:
    source = trial.template.get("as_of")
    if not isinstance(source, str) or not source or trial.record is None:
        return None
    row = load_row(session, trial.type.name, trial.record["id"], "read") or {}
    asked = ReaderEnvironment(session, RecordEnvironment(session, trial.type, row))
    scope = scope_of(session.catalog, trial.type.name)
    return evaluate(compile_expression(source, scope, types.DATE), asked)


def _written(trial: LetterTrial, session: Session) -> tuple[str, str, list[dict[str, str]]]:
    """The subject and the HTML, or what is wrong."""
    faults = _faults(trial, session)
    if faults or trial.record is None:
        return "", "", faults
    said, zone = trial.said, str(zone_of(trial.reader))
    try:
        parts = (
            TemplateText(said.subject, escape=False),
            TemplateText(as_html_source(said.body)),
        )
        subject, html = renderer_of(session.engine).render(
            parts, _data(trial, session), zone=zone, locale=said.language
        )
    except TemplateFault as problem:
        return "", "", [fault("/body", "template", str(problem))]
    except ExpressionError as error:
        return "", "", [fault("/as_of", "expression", str(error))]
    return " ".join(subject.split()), html, []


def preview(call: Call) -> Answer:
    """The letter as it would arrive: its subject, its plain text, and what is wrong with it."""
    call.only()
    trial = _asked(call, call.json_object("template", "record", "recipient", "language"))
    subject, html, faults = _written(trial, call.session)
    reader = trial.reader.actor
    return Answer.json(
        {
            "subject": subject,
            "html": html,
            "text": mail.as_text(html).strip() if html else "",
            "record": trial.record,
            "recipient": {
                "id": reader.id,
                "name": reader.name,
                "email": _address(call.session, reader),
            },
            "language": trial.said.language or call.engine.settings.locale,
            "zone": str(zone_of(trial.reader)),
            "faults": faults,
        }
    )


def letter_page(call: Call) -> Answer:
    """The letter alone, in a frame that runs nothing and knows nothing of us."""
    try:
        asked = orjson.loads(form_text(call, "asked"))
    except orjson.JSONDecodeError as error:
        raise Unprocessable("`asked` must be JSON.") from error
    if not isinstance(asked, Mapping):
        raise Unprocessable("`asked` must be an object.")
    _, html, faults = _written(_asked(call, asked), call.session)
    said = html or "".join(f"<p>{escape(one['message'])}</p>" for one in faults)
    answer = Answer.html(f"<!doctype html><meta charset=utf-8><body>{mail.WRAPPED.format(said)}")
    answer.headers.append(("content-security-policy", POLICY))
    return answer


def test_send(call: Call) -> Answer:
    """Send the letter to the person who asks, now, and tell what the mail server said."""
    call.only()
    trial = _asked(call, call.json_object("template", "record", "recipient", "language"))
    session, me = call.session, call.session.actor
    url = call.engine.settings.smtp_url
    if not url:
        raise Conflict(NO_SERVER)
    if trial.record is None:
        raise Conflict(f"There is no {trial.type.label.lower()} yet that it could be about.")
    subject, html, faults = _written(trial, session)
    if faults:
        raise Unprocessable(faults[0]["message"], errors=faults)
    if not me.email:
        raise Conflict("Your account has no e-mail address.")
    limited(session.connection, session.now, RATE, "Too many test mails.", "test mail", str(me.id))
    server = mail.Server.read(url)
    host = mail.ascii_host(urlsplit(call.engine.settings.base_url).hostname or "localhost")
    try:
        content = mail.compose(
            sender=server.sender, to=me.email, name=me.name, subject=f"Test: {subject}",
            html=html, at=session.now, message_id=f"<{new_id()}@{host}>",
        )  # fmt: skip
        said = mail.send(server, me.email, content)
    except mail.NotSent as error:
        raise Conflict(f"It was not sent. {error}") from error
    return Answer.json({"to": me.email, "said": said})


def languages(call: Call) -> list[dict[str, str]]:
    """The languages that words may be in, each by its own name."""
    site = Locale.parse(call.engine.settings.locale)
    known = {*LANGUAGES, *offered(call.session)} - {str(site), site.language}
    names = ((name, Locale.parse(name).get_display_name(name) or name) for name in sorted(known))
    return [{"value": name, "label": label[:1].upper() + label[1:]} for name, label in names]


ENDPOINTS = (
    Endpoint(
        "POST", "/preview/template", letter_page, Policy.META_WRITE,
        "A template on a record, as a mail shows it.", page=True, form=True,
    ),
    Endpoint(
        "POST", "/api/templates/preview", preview, Policy.META_WRITE,
        "A template on a record, as a person would get it.",
    ),
    Endpoint(
        "POST", "/api/templates/test", test_send, Policy.META_WRITE,
        "Send a template on a record to yourself.",
    ),
)  # fmt: skip
