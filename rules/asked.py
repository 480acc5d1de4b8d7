"""What a button asks for before it acts: its questions, and the answers in the rule's expressions.

An answer is `asked.note`: a value of the kind that the question has. No field can have a name with
two underscores, so answers stand beside fields under such names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fluvial.kernel.problems import Unprocessable, fault
from fluvial.records.drafts.draft import wire_value
from fluvial.records.drafts.event import Event
from fluvial.records.drafts.rows import empty
from metamodel.catalog import Field, ObjectType
from metamodel.checks import DocumentCheck, OptionsCheck
from metamodel.errors import ValueFault
from metamodel.expressions import types
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Read, Root
from metamodel.expressions.python import Environment, evaluate
from metamodel.folding import humanise, label_text, listed, nearest
from metamodel.kinds.kind import Kind
from metamodel.kinds.link_fields import BEYOND, PLAIN
from metamodel.kinds.link_fields import KINDS as VALUES
from metamodel.kinds.lookup import Lookup
from metamodel.kinds.multi_lookup import MultiLookup
from metamodel.reserved_names import taken

from .action_reader import ActionReader
from .model import Rule, Trigger
from .named_environment import ANSWER, NamedRecord

ASKED = "asked"
EVENT_MEMBER = "asked."  # of the changes of an event, where no field has such a name
KEPT = frozenset({*PLAIN, "default"})  # options of every question
LINKS: Mapping[str, Kind] = {kind.name: kind for kind in (Lookup(), MultiLookup())}
KINDS: Mapping[str, Kind] = {**VALUES, **LINKS}
OF_LINKS = frozenset({*PLAIN, "to", "where"})  # options of a question for records


def read_questions(
    specs: Sequence[Mapping[str, Any]],
    type_: ObjectType,
    check: DocumentCheck,
    within: str = "/on/ask",
    kinds: Mapping[str, Kind] = KINDS,
) -> tuple[Field, ...]:
    """The questions of a button, as fields of no record; faults where they cannot be asked."""
    known = len(check.draft.faults)
    check.names(within, (spec["name"] for spec in specs), "question")
    found = []
    for at, spec in enumerate(specs):
        place = f"{within}/{at}"
        if spec["kind"] not in kinds:
            check.fault(
                f"{place}/kind",
                "no_question",
                f"One cannot ask for a {spec['kind']} here.",
                f"Use one of {listed(kinds)}.",
            )
            continue
        _check_question(place, spec, check)
        found.append(_question(spec, type_))
    if len(check.draft.faults) == known:
        for at, field in enumerate(found):
            options = OptionsCheck(check, field, 0)
            options.place = f"{within}/{at}"
            field.kind.check(field, options)
    if len(check.draft.faults) == known:
        found = [_with_default(f"{within}/{at}", one, check) for at, one in enumerate(found)]
    return tuple(found)


def _check_question(place: str, spec: Mapping[str, Any], check: DocumentCheck) -> None:
    name, kind = spec["name"], KINDS[spec["kind"]]
    known = OF_LINKS if spec["kind"] in LINKS else {*KEPT, *kind.options}
    if meaning := taken(name):
        message = f"`{name}` is {meaning}, so a question cannot have this name."
        check.fault(f"{place}/name", "reserved_name", message, "Use another name.")
    for option in spec:
        if option in BEYOND or option not in known:
            message = f"`{option}` does not apply to what is asked for here."
            check.fault(f"{place}/{option}", "no_option", message, "Remove it.")


def _question(spec: Mapping[str, Any], type_: ObjectType) -> Field:
    return Field(
        object=type_.name,
        name=spec["name"],
        kind=KINDS[spec["kind"]],
        label=label_text(spec.get("label", humanise(spec["name"]))),
        spec=spec,
        required=spec.get("required") is True,
    )


def _with_default(place: str, field: Field, check: DocumentCheck) -> Field:
    """A default is a value of the kind, else an expression over the record."""
    if field.option("to"):
        return _with_pick(place, field, check)
    raw = field.option("default")
    if raw is None:
        return field
    if isinstance(raw, str) and (raw.startswith("=") or not field.kind.literal(field, raw)):
        source = raw.removeprefix("=").strip()
        default = check.compile(f"{place}/default", source, field.object, expect=field.type)
        return replace(field, default=default)
    try:
        return replace(field, initial=field.kind.parse(field, raw))
    except ValueFault as error:
        check.fault(f"{place}/default", error.code, f"The default is not valid. {error.message}")
    return field


def _with_pick(place: str, field: Field, check: DocumentCheck) -> Field:
    """Which records may be chosen: `record` is the one whose button is pressed."""
    source, target = field.option("where"), field.option("to")
    if source is None or target not in check.objects:
        return field
    pick = check.condition(f"{place}/where", source, target, record=field.object)
    return replace(field, pick=pick)


def with_answers(reader: ActionReader, trigger: Trigger) -> ActionReader:
    """Expressions of a button's actions may name its answers. What names one of several records
    is done for each of them."""
    found = {_name(field): _type_of(field) for field in trigger.asks}
    dotted = {f"{ASKED}.{field.name}": _name(field) for field in trigger.asks}
    several = {_name(field): True for field in trigger.asks if field.to and field.many}
    return replace(
        reader,
        names={**reader.names, **found},
        dotted={**reader.dotted, **dotted},
        several={**reader.several, **several},
    )


def _type_of(field: Field) -> types.Type:
    return types.record(field.to) if field.to else field.type


def _name(field: Field) -> str:
    return f"{ANSWER}{field.name}"


def names_answers(expression: Expression) -> bool:
    """Whether an expression waits for answers."""
    nodes = expression.tree.walk()
    return any(isinstance(node, Read) and node.root is Root.NAME for node in nodes)


def usual(field: Field, environment: Environment) -> Any:
    """What an answer is where nobody gives one."""
    return field.initial if field.default is None else evaluate(field.default, environment)


def read_answers(
    rule: Rule, body: Mapping[str, Any], environment: Environment | None
) -> dict[str, Any]:
    """The answers of a call in wire form; all faults at once. Without an environment, answers
    that nobody gives stay open."""
    fields = {field.name: field for field in rule.trigger.asks}
    faults = [_unknown(rule, name, fields) for name in body if name not in fields]
    found: dict[str, Any] = {}
    for name, field in fields.items():
        try:
            if name in body:
                found[name] = _read(field, body[name])
            elif environment is not None:
                found[name] = wire_value(field, usual(field, environment))
        except ValueFault as error:
            faults.append(fault(f"/{name}", error.code, error.message))
            continue
        open_ = name not in body and environment is None
        if field.required and empty(found.get(name)) and not open_:
            faults.append(fault(f"/{name}", "required", f"{field.label} is required."))
    if faults:
        count, first = len(faults), faults[0]["message"]
        detail = first if count == 1 else f"{count} answers are not valid. The first: {first}"
        raise Unprocessable(detail, errors=faults)
    return found


def _read(field: Field, raw: Any) -> Any:
    value = None if raw is None or raw == "" else field.kind.parse(field, raw)
    return wire_value(field, field.kind.tidied(field, value))


def _unknown(rule: Rule, name: str, fields: Mapping[str, Field]) -> dict[str, str]:
    label = rule.trigger.name
    if not fields:
        return fault(f"/{name}", "unknown_field", f"{label} asks for nothing. Omit `{name}`.")
    hint = nearest(name, fields) or f"It asks for {listed(fields)}."
    return fault(f"/{name}", "unknown_field", f"{label} does not ask for `{name}`. {hint}")


def answers_of(rule: Rule, event: Event) -> dict[str, Any]:
    """The answers that an event brings, by the names that expressions have for them."""
    said = event.changes.get(EVENT_MEMBER) or {}
    found: dict[str, Any] = {}
    for field in rule.trigger.asks:
        raw = said.get(field.name)
        if field.to:
            found[_name(field)] = _records(field, raw)
            continue
        try:
            value = field.kind.absent(field) if empty(raw) else field.kind.parse(field, raw)
        except ValueFault:  # the question has changed since
            value = field.kind.absent(field)
        found[_name(field)] = value
    return found


def _records(field: Field, raw: Any) -> NamedRecord | list[NamedRecord] | None:
    """The records that somebody chose, by their ids."""
    ids = raw if isinstance(raw, list) else [raw] if raw else []
    chosen = [NamedRecord(str(field.to), str(id)) for id in ids]
    return chosen if field.many else next(iter(chosen), None)
