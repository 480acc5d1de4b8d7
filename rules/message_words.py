"""What a message says to each of those who get it: nothing that they may not read themselves.

The words of a rule are made once for all who may read everything. Everybody else gets a copy that
is made with their own rights. An address that belongs to nobody in the system gets what the rule
itself may read: that is what its document says, by `run_as` or without it.
"""

from __future__ import annotations

from typing import Any

from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.runtime.languages import language_of
from fluvial.runtime.session import Session
from fluvial.services.notifications import record_href
from fluvial.services.plain_templates import as_html_source
from metamodel.expressions.expression import Expression
from metamodel.expressions.python import evaluate

from .execution import Execution
from .letter_words import in_language, words_in
from .model import Notify
from .reader_environment import ReaderEnvironment
from .recipient_languages import language_said, template_languages
from .recipients import Recipient
from .rule_tables import NOBODY
from .template_check import LETTERS
from .template_data import in_common, template_data, template_days
from .text_links import MEMBER, given, make_links, names_in

Payload = dict[str, Any]


class MessageWords:
    """The words of one action of one run, by who reads them."""

    def __init__(self, execution: Execution, action: Notify) -> None:
        self._execution = execution
        self._action = action
        self._made: dict[str, Payload] = {}  # for those who may read everything, by language

    def of(self, recipient: Recipient, channel: str) -> Payload:
        """What the message to somebody is made of; the words are made when it is sent."""
        reader = self.reader(recipient)
        language = language_of(reader) if reader is not None else self._outside()
        if reader is None or reader.access.sees_all:
            return self._with_links(self._for_all(language), recipient, channel)
        if not self._action.template:
            return self._texts(reader)
        return self._with_links(self._template(reader, language), recipient, channel)

    def _with_links(self, payload: Payload, recipient: Recipient, channel: str) -> Payload:
        """The words with links of the recipient's own, where they name some.

        Who reads them in the product signs in, and is led to the record.
        """
        execution, source = self._execution, payload.get("source")
        if source is None or execution.type is None:
            return payload
        names = names_in(execution.type.name, LETTERS, source["subject"], source["html"])
        if not names:
            return payload
        data = payload["data"]
        if channel != "email":
            page = execution.acting.engine.settings.base_url + payload["href"]
            return payload | {"data": data | given(dict.fromkeys(names, page))}
        to = recipient.email or recipient.name
        made = make_links(execution.acting, execution.type, execution.event.record, names, to)
        # The address of the record's page is of no use beside them.
        return payload | {"data": data | given(made), MEMBER: [*made.values()], "href": ""}

    def reader(self, recipient: Recipient) -> Session | None:
        """Whose rights decide; None: those of the rule."""
        execution = self._execution
        if recipient.reader is None:
            return None
        session = execution.acting
        actor = session.engine.people.actor(session.connection, recipient.reader)
        return session.as_actor(actor) if actor is not None else None

    def _outside(self) -> str:
        """The language of somebody who is not known here, and so has chosen none."""
        acting = self._execution.acting
        says = acting.catalog.derive(template_languages).get(self._action.template)
        return language_said(says, self._execution.environment) or language_of(acting)

    def _for_all(self, language: str) -> Payload:
        if not self._action.template:
            language = ""
        if language not in self._made:
            self._made[language] = (
                self._template(None, language) if self._action.template else self._texts(None)
            )
        return self._made[language]

    @property
    def _head(self) -> Payload:
        type_, record = self._execution.type, self._execution.event.record
        known = type_ is not None and record != NOBODY
        href = record_href(type_.name, record) if type_ is not None and known else ""
        return {"template": self._action.template, "href": href}

    def _texts(self, reader: Session | None) -> Payload:
        environment: Any = self._execution.environment
        if reader is not None and self._execution.type is not None:
            environment = ReaderEnvironment(reader, environment)
        subject, text = self._action.subject, self._action.text
        return self._head | {
            "subject": _text(subject, environment), "text": _text(text, environment)
        }  # fmt: skip

    def _template(self, reader: Session | None, language: str) -> Payload:
        execution, name = self._execution, self._action.template
        said = words_in(execution.acting.catalog.of("template")[name].body, language)
        subject, text = said.subject, said.body
        data = self._data(in_language(execution.acting, said.language), subject, text)
        if reader is not None:
            theirs = self._data(in_language(reader, said.language), subject, text)
            # A rule in the name of a role tells nobody more than the role may read.
            data = in_common(theirs, data) if execution.rule.run_as else theirs
        html = as_html_source(text)
        source = {"subject": subject, "html": html}
        return self._head | {"source": source, "data": data, "language": said.language}

    def _data(self, session: Session, subject: str, text: str) -> Payload:
        execution = self._execution
        assert execution.type is not None
        days = session.catalog.derive(template_days)
        if self._action.template in days:
            day = evaluate(days[self._action.template], execution.environment)
            session = session if day is None else session.at(day)
        return template_data(session, execution.type, execution.values, subject, text)


def _text(expression: Expression | None, environment: RecordEnvironment) -> str:
    value = evaluate(expression, environment) if expression is not None else None
    return str(value or "")
