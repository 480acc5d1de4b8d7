"""The action of rules that runs a ledger for the record of an event, or for those behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fluvial.database import locks
from fluvial.kernel.ids import new_id
from fluvial.runtime.long_jobs import DONE
from metamodel.expressions import types
from metamodel.expressions.expression import Expression
from metamodel.expressions.python import evaluate
from metamodel.reach import Reach
from rules.action_kinds import ActionKind
from rules.action_reader import ActionReader
from rules.effect_kinds import EffectKind
from rules.execution import Execution
from rules.model import Action, Rule
from rules.record_targets import targets

from .ledger_run_rows import Counts, RunRow, add_run, amounts_wire
from .ledger_runs import allow_running, ledger_named, run_records

SCHEMA: Mapping[str, Any] = {
    "title": "Run a ledger",
    "type": "object",
    "properties": {
        "ledger": {
            "title": "Ledger",
            "$ref": "#/$defs/name",
            "description": "The ledger that posts what should have been charged and is not.",
            "x-editor": {"is": "document", "kind": "ledger"},
        },
        "each": {
            "title": "For",
            "$ref": "#/$defs/path",
            "description": "A path of look-ups, with a collection at its end, to the records that "
            "are charged; the rule's record if omitted.",
        },
        "until": {
            "title": "Until",
            "$ref": "#/$defs/expression",
            "description": "The last day whose dues are posted; today if omitted.",
            "x-editor": {"expects": "date"},
        },
    },
    "required": ["ledger"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class PostAction(Action):
    """A run of a ledger for some records."""

    ledger: str
    each: tuple[str, ...]
    until: Expression | None
    objects: tuple[str, ...]  # of what it posts


def _read(reader: ActionReader, pointer: str, action: Mapping[str, Any]) -> Action | None:
    spec, place = action["post"], f"{pointer}/post"
    document = reader.check.reference(f"{place}/ledger", "ledger", spec["ledger"])
    each = tuple(spec["each"].split(".")) if "each" in spec else ()
    type_ = reader.target(f"{place}/each", each)
    until = reader.compile(f"{place}/until", spec["until"], types.DATE) if "until" in spec else None
    if document is None or type_ is None:
        return None
    charged = document.body.get("for")
    if charged != type_.name:
        reader.check.fault(
            f"{place}/each" if each else place,
            "other_object",
            f"The ledger `{spec['ledger']}` is for `{charged}`, and this leads to {type_.plural}.",
            f"Name in `each` the way to records of `{charged}`.",
        )
        return None
    entries = [one.get("object", "") for one in document.body.get("entries", ())]
    parts = [document.body["parts"]["object"]] if "parts" in document.body else []
    return PostAction("post", spec["ledger"], each, until, tuple(dict.fromkeys(entries + parts)))


def _acts(pointer: str, rule: Rule, action: PostAction) -> Iterator[Reach]:
    for name in action.objects:
        yield Reach(f"{pointer}/post/ledger", "create", name, everywhere=True)


def _perform(execution: Execution, at: int, action: PostAction) -> None:
    session = execution.acting
    ledger = ledger_named(session, action.ledger)
    allow_running(session, ledger)
    until = evaluate(action.until, execution.environment) if action.until else session.today
    if until is None:
        execution.run.say(f"There is no day until which {ledger.label} could be run.")
        return
    ids = sorted(set(targets(execution, action.each)))
    locks.hold_named(session.connection, "ledger", ledger.name)
    counts, run = Counts(), new_id()
    run_records(session, ledger, ids, until, run, counts)
    cause = {"rule": execution.rule.name, "event": execution.event.id}
    told = counts.told()
    row = RunRow(run, ledger.name, session.now, session.actor.id, until, "", False, DONE, told)
    row.cause = cause
    add_run(session.connection, row)
    execution.effects(at, "post", {run: {"object": ledger.object, "title": ledger.label}})
    amounts = ", ".join(_words(one) for one in amounts_wire(told["amounts"])) or "nothing"
    count = told.get("entries", 0)
    execution.run.say(f"{ledger.label} posted {count:,} entries, together {amounts}.")
    if told.get("faults"):
        execution.run.say(f"{told['faults']:,} could not be posted: see the run of the ledger.")


def _words(amount: Any) -> str:
    return f"{amount['amount']} {amount['currency']}" if isinstance(amount, dict) else str(amount)


POST = ActionKind(
    "post",
    "Run a ledger",
    SCHEMA,
    _read,
    _perform,
    acts=_acts,
    effects=(EffectKind("post", "calculator", "Ran the ledger for", "Runs the ledger for"),),
    says="run {ledger|ledger} for {each|field}",
    icon="calculator",
)
