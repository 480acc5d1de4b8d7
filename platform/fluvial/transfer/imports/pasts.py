"""The column of an import that tells the past of records: when they were saved, and by whom.

A cell has a step for each write, with `;` between them: its moment, the e-mail address of a person
(`-` for nobody, the one of the step before without either), and the states that were entered. A
bare word is a state of the object; other choices with a log are `field=option`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fluvial.kernel.problems import Forbidden, Unprocessable, fault
from fluvial.records.writing.past_drafts import ToldStep
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.errors import ValueFault
from metamodel.folding import nearest

from .cells import Parsed
from .key_lookups import find_by, parts_of
from .options import Options
from .table_files import Row

BETWEEN = ";"
NOBODY = "-"  # the system itself


@dataclass(frozen=True)
class _Said:
    """A step as it is written."""

    at: datetime
    email: str
    states: dict[str, str]


class Pasts:
    """Reads the past of rows, many at a time."""

    def __init__(
        self, session: Session, type_: ObjectType, header: Sequence[str], options: Options
    ) -> None:
        if not session.access.admin:
            raise Forbidden(
                "Only administrators may say when records were saved. Leave out the option `past`."
            )
        self._column = options.past
        self._at = _place(options, header)
        self._session = session
        self._type = type_
        self._options = options
        self._logged = {field.name: field for field in type_.logged_fields}
        only = next(iter(self._logged)) if len(self._logged) == 1 else ""
        self._state = (type_.spec.get("states") or {}).get("field") or only
        self._people: dict[str, str | None] = {}

    def read(self, rows: Sequence[Row], parsed: Sequence[Parsed]) -> None:
        """Give each row its past, and the states that it tells last."""
        said = [self._said(row, one) for row, one in zip(rows, parsed, strict=True)]
        self._find({step.email for steps in said for step in steps if step.email})
        for steps, one in zip(said, parsed, strict=True):
            self._take(one, steps)

    def _said(self, row: Row, parsed: Parsed) -> list[_Said]:
        text = row.cells[self._at] if self._at < len(row.cells) else ""
        steps: list[_Said] = []
        try:
            for part in filter(None, map(str.strip, text.split(BETWEEN))):
                steps.append(self._step(part.split(), steps[-1] if steps else None))
        except ValueFault as error:
            parsed.fault(self._column, error.code, error.message)
            return []
        return steps

    def _step(self, words: Sequence[str], before: _Said | None) -> _Said:
        at = self._moment(words[0])
        if before is not None and at < before.at:
            message = f"{words[0]} is before the step that stands in front of it."
            raise ValueFault("not_in_order", f"{message} Write the steps in their order.")
        email = before.email if before else ""
        states: dict[str, str] = {}
        for word in words[1:]:
            if "@" in word:
                email = word.lower()
            elif word == NOBODY:
                email = ""
            else:
                name, _, option = word.rpartition("=")
                states.update([self._state_of(name or self._state, option)])
        return _Said(at, email, states)

    def _moment(self, word: str) -> datetime:
        try:
            moment = datetime.fromisoformat(word)
        except ValueError as error:
            message = f"`{word}` is not a moment. Write it like 2026-03-01T09:30Z."
            raise ValueFault("not_a_moment", message) from error
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self._session.engine.clock.zone)
        moment += self._options.shift
        if moment > self._session.now:
            message = f"{word} has not come yet. The past of a record ends before now."
            raise ValueFault("not_past", message)
        return moment

    def _state_of(self, name: str, option: str) -> tuple[str, str]:
        field = self._logged.get(name)
        if field is None:
            known = ", ".join(f"`{one}=...`" for one in self._logged) or "none"
            message = f"`{name or option}` is not a choice with a log. There are: {known}."
            raise ValueFault("no_log", message)
        options = [one["name"] for one in field.option("options", ())]
        if options and option not in options:
            hint = nearest(option, options) or f"There are: {', '.join(options)}."
            raise ValueFault("unknown_option", f"{field.label} has no `{option}`. {hint}")
        return name, option

    def _find(self, emails: set[str]) -> None:
        new = [email for email in emails if email not in self._people]
        field = self._session.catalog.objects["user"].fields["email"]
        keys = {email: parts_of(field, email) for email in new}
        found = find_by(self._session, "user", ((field,),), keys.values())
        for email, key in keys.items():
            self._people[email] = next(iter(found.get(key, ())), None)

    def _take(self, parsed: Parsed, steps: Sequence[_Said]) -> None:
        last: dict[str, Any] = {}
        for step in steps:
            last |= step.states
            if step.email and self._people.get(step.email) is None:
                message = f"Nobody has the e-mail address {step.email}. Import people first."
                parsed.fault(self._column, "unknown_person", message)
                return
        for name, state in last.items():
            held = parsed.values.get(name)
            if held is not None and held != state:
                label = self._type.fields[name].label
                message = f"The last {label} that the row tells is {state}, but it holds {held}."
                parsed.fault(self._column, "two_values", message)
                return
            parsed.values[name] = state
        parsed.past = [ToldStep(s.at, self._people.get(s.email), s.states) for s in steps]


def _place(options: Options, header: Sequence[str]) -> int:
    if options.past not in header:
        message = f"The file has no column `{options.past}`."
        faults = [fault("/options/past", "unknown_column", message)]
        raise Unprocessable(message, errors=faults)
    if options.rules:
        message = "No rule runs for what happened long ago. Send `rules: false` with `past`."
        raise Unprocessable(message, errors=[fault("/options/rules", "wrong_value", message)])
    return header.index(options.past)
