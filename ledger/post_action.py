"""The action of rules that runs a ledger: for the record of an event, for those behind it, or
several ledgers for all their records, as jobs that the workers do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
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
from rules.halts import Halt, Rest
from rules.model import Action, Rule
from rules.record_targets import targets
from rules.waiting_runs import SLEEPING

from .ledger_model import Ledger
from .ledger_run_rows import Counts, RunRow, add_run, amounts_wire
from .ledger_runs import RunWish, allow_running, ledger_named, run_records
from .rule_runs import begin_for_rule, rest_of_runs

WHERE_OF = "document:ledger:../ledgers/0"
SCHEMA: Mapping[str, Any] = {
    "title": "Run ledgers",
    "type": "object",
    "properties": {
        "ledger": {
            "title": "Ledger",
            "$ref": "#/$defs/name",
            "description": "The ledger that posts what should have been charged and is not.",
            "x-editor": {"is": "document", "kind": "ledger"},
        },
        "ledgers": {
            "title": "Ledgers",
            "type": "array",
            "minItems": 1,
            "maxItems": 20,
            "uniqueItems": True,
            "items": {
                "$ref": "#/$defs/name",
                "x-editor": {"is": "document", "kind": "ledger"},
            },
            "description": "Ledgers that are run for all their records, as jobs.",
            "x-editor": {"one": "a ledger"},
        },
        "where": {
            "title": "Only those",
            "$ref": "#/$defs/expression",
            "description": "Which records of the ledgers are charged; all if omitted.",
            "x-editor": {"expects": "boolean", "of": WHERE_OF},
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
    "minProperties": 1,
    "additionalProperties": False,
    "x-editor": {
        "alternatives": {
            "title": "Run",
            "options": [
                {"title": "A ledger, for the record", "members": ["ledger", "each"],
                 "by": ["ledger"]},
                {"title": "Ledgers, for all records", "members": ["ledgers", "where"],
                 "by": ["ledgers"]},
            ],
        }
    },
}  # fmt: skip


@dataclass(frozen=True)
class PostAction(Action):
    """A run of a ledger for some records, or of several for all of theirs."""

    ledgers: tuple[str, ...]
    each: tuple[str, ...]
    until: Expression | None
    objects: tuple[str, ...]  # of what it posts
    where: str = ""
    all_records: bool = False


def _read(reader: ActionReader, pointer: str, action: Mapping[str, Any]) -> Action | None:
    spec, place = action["post"], f"{pointer}/post"
    if ("ledger" in spec) == ("ledgers" in spec):
        message = "It runs either one `ledger` for the record, or `ledgers` for all their records."
        reader.check.fault(place, "one_of_two", message, "Keep one of the two.")
        return None
    all_records = "ledgers" in spec
    stranger = "each" if all_records else "where"
    if stranger in spec:
        with_it = "ledger" if all_records else "ledgers"
        message = f"`{stranger}` is only possible with `{with_it}`."
        reader.check.fault(f"{place}/{stranger}", "not_both", message, f"Remove `{stranger}`.")
        return None
    until = reader.compile(f"{place}/until", spec["until"], types.DATE) if "until" in spec else None
    bodies = _all_bodies(reader, place, spec) if all_records else _own_body(reader, place, spec)
    if bodies is None:
        return None
    names = tuple(spec["ledgers"]) if all_records else (spec["ledger"],)
    each = tuple(spec["each"].split(".")) if "each" in spec else ()
    posted = _posted(bodies)
    return PostAction("post", names, each, until, posted, spec.get("where", ""), all_records)


def _own_body(
    reader: ActionReader, place: str, spec: Mapping[str, Any]
) -> list[Mapping[str, Any]] | None:
    """The ledger that is run for the rule's record, or for those at the end of a path."""
    each = tuple(spec["each"].split(".")) if "each" in spec else ()
    document = reader.check.reference(f"{place}/ledger", "ledger", spec["ledger"])
    type_ = reader.target(f"{place}/each", each)
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
    return [document.body]


def _all_bodies(
    reader: ActionReader, place: str, spec: Mapping[str, Any]
) -> list[Mapping[str, Any]] | None:
    """The ledgers that are run for all their records; the condition must fit each of them."""
    bodies: list[Mapping[str, Any]] = []
    for at, name in enumerate(spec["ledgers"]):
        document = reader.check.reference(f"{place}/ledgers/{at}", "ledger", name)
        if document is None:
            return None
        bodies.append(document.body)
    if "where" not in spec:
        return bodies
    charged = dict.fromkeys(str(one.get("for")) for one in bodies)
    found = [reader.check.condition(f"{place}/where", spec["where"], one) for one in charged]
    return bodies if all(one is not None for one in found) else None


def _posted(bodies: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    found = [one.get("object", "") for body in bodies for one in body.get("entries", ())]
    found += [body["parts"]["object"] for body in bodies if "parts" in body]
    return tuple(dict.fromkeys(found))


def _acts(pointer: str, rule: Rule, action: PostAction) -> Iterator[Reach]:
    member = "ledgers" if action.all_records else "ledger"
    for name in action.objects:
        yield Reach(f"{pointer}/post/{member}", "create", name, everywhere=True)


def _perform(execution: Execution, at: int, action: PostAction) -> None:
    session = execution.acting
    ledgers = [ledger_named(session, name) for name in action.ledgers]
    for ledger in ledgers:
        allow_running(session, ledger)
    until = evaluate(action.until, execution.environment) if action.until else session.today
    if until is None:
        labels = ", ".join(one.label for one in ledgers)
        execution.run.say(f"There is no day until which {labels} could be run.")
    elif action.all_records:
        _begin(execution, at, action, ledgers, until)
    else:
        _post(execution, at, action, ledgers[0], until)


def _begin(
    execution: Execution, at: int, action: PostAction, ledgers: Sequence[Ledger], until: date
) -> None:
    """Leave the ledgers to the workers, each as a job of its own."""
    wish = RunWish(until, action.where)
    begun = {begin_for_rule(execution, one, wish): one for one in ledgers}
    effects = {id: {"object": one.object, "title": one.label} for id, one in begun.items()}
    execution.effects(at, "post", effects)
    for ledger in ledgers:
        plural = execution.acting.catalog.objects[ledger.object].plural.lower()
        only = f" with {action.where}" if action.where else ""
        execution.run.say(f"{ledger.label} is run for {plural}{only} until {until.isoformat()}.")
    if execution.step < len(execution.rule.steps):
        execution.halt = Halt(SLEEPING, due=execution.acting.now)


def _rest(execution: Execution, action: PostAction, since: datetime) -> Rest:
    return rest_of_runs(execution, since)


def _post(execution: Execution, at: int, action: PostAction, ledger: Ledger, until: date) -> None:
    session = execution.acting
    ids = sorted(set(targets(execution, action.each)))
    locks.hold_named(session.connection, "ledger", ledger.name)
    counts, run = Counts(), new_id()
    run_records(session, ledger, ids, until, run, counts)
    told = counts.told()
    row = RunRow(run, ledger.name, session.now, session.actor.id, until, "", False, DONE, told)
    row.cause = {"rule": execution.rule.name, "event": execution.event.id}
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
    "Run ledgers",
    SCHEMA,
    _read,
    _perform,
    acts=_acts,
    effects=(EffectKind("post", "calculator", "Ran the ledger for", "Runs the ledger for"),),
    says="run[ {ledger|ledger}][ for {each|field}][ {ledgers|ledger} for all their records]",
    icon="calculator",
    halts=True,
    rests=_rest,
)
