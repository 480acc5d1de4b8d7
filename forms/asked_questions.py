"""The questions of a web form as the answers so far have them: asked or not, needed or not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from fluvial.records.drafts.completion import apply_defaults
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.writing.new_drafts import fresh_draft
from fluvial.runtime.session import Session
from metamodel.catalog import Logic
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Root
from metamodel.expressions.python import truth
from metamodel.expressions.reads import Reading

from .answers import Answers, read
from .live import Live
from .webforms import FormQuestion, WebForm


@dataclass(frozen=True, eq=False)
class AskedQuestions:
    """All questions of a form with what follows from the answers."""

    questions: dict[str, FormQuestion]  # required as the answers have it
    hidden: frozenset[str]
    live: Live | None = None

    def of(self, questions: Iterable[FormQuestion]) -> list[FormQuestion]:
        """Those of some questions that are asked."""
        names = [question.field.name for question in questions]
        return [self.questions[name] for name in names if name not in self.hidden]

    def shown(self, questions: Iterable[FormQuestion]) -> list[FormQuestion]:
        """Those that are on the page: those that are asked, and those that may yet be."""
        names = [question.field.name for question in questions]
        return [
            self.questions[name]
            for name in names
            if name not in self.hidden or (self.live is not None and self.live.comes(name))
        ]


def asked(
    session: Session, form: WebForm, answers: Answers, filled: dict[str, Any]
) -> AskedQuestions:
    """What the answers so far, the form's own values and defaults make of the questions."""
    type_ = session.catalog.objects[form.object]
    logic = {name: [one for one in type_.logic if one.field == name] for name in form.questions}
    if not any(logic[name] or q.visible or q.needed for name, q in form.questions.items()):
        return AskedQuestions(form.questions, frozenset())
    draft = fresh_draft(session, type_)
    values, _ = read(session, form.questions.values(), answers)
    for name, value in {**filled, **values, **form.fixed}.items():
        draft.set(name, value)
    apply_defaults(draft)
    environment = RecordEnvironment(session, type_, draft.values)
    live = Live(session, type_, environment, set(form.questions), _told)
    settled, hidden = {}, set()
    for name, question in form.questions.items():
        visible = [*(one.visible for one in logic[name]), question.visible]
        needed = [*(one.required for one in logic[name]), question.needed]
        required = question.required or _any(needed, environment)
        if not all(one is None or truth(one, environment) for one in visible):
            hidden.add(name)
        settled[name] = replace(question, required=required)
        _follow(live, question, logic[name], name not in hidden, required)
    return AskedQuestions(settled, frozenset(hidden), live)


def _follow(
    live: Live, question: FormQuestion, logic: list[Logic], visible: bool, required: bool
) -> None:
    live.add_field(
        question.field.name,
        {"visible": visible, "required": required, "read_only": False},
        visible=live.every([*(one.visible for one in logic), question.visible]),
        required=question.required
        or live.some([*(one.required for one in logic), question.needed]),
    )


def _any(conditions: Iterable[Expression | None], environment: RecordEnvironment) -> bool:
    return any(one is not None and truth(one, environment) for one in conditions)


def _told(reading: Reading) -> bool:
    """A public page is told what the form itself sets, and nothing of other records."""
    return reading.root is Root.ROW and not reading.steps
