"""The second pass over object documents: expressions, and all that names fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from metamodel.catalog import Check, Field, Logic, ObjectType, States, Transition
from metamodel.checks import CatalogDraft, DocumentCheck
from metamodel.document import Document
from metamodel.errors import ValueFault
from metamodel.expressions import types
from metamodel.expressions.expression import Expression
from metamodel.folding import humanise, label_text, listed, nearest
from metamodel.issue_conditions import issue_condition
from metamodel.kinds.working_days import calendar_of
from metamodel.object_parts import Parts
from metamodel.object_types import is_day, items, placeholders

LOGIC = ("visible", "required", "read_only")


def fill(thing: object, **values: Any) -> None:
    """Set attributes of a part of the catalog, which nobody has seen yet."""
    for name, value in values.items():
        object.__setattr__(thing, name, value)


def check_object(
    document: Document,
    body: Mapping[str, Any],
    object: ObjectType,
    draft: CatalogDraft,
    parts: Parts = (),
) -> None:
    """Compile the expressions of an object type and check what refers to its fields."""
    check = DocumentCheck(draft, document)
    for at, spec in items(body, "fields"):
        field = object.fields.get(spec["name"])
        if field is not None and not field.system:
            _complete_field(f"/fields/{at}", field, check)
    _check_title(body, object, check)
    _check_scope(object, check)
    _check_keys(body, object, check)
    _check_dated(object, check)
    _check_work(object, check)
    fill(
        object,
        checks=_checks(body, object, check),
        logic=_logic(body, object, check),
        states=_states(body, object, check),
    )
    present = [part for part in parts if part.name in body]
    fill(object, parts={part.name: part.compile(body, object, check) for part in present})


def _complete_field(pointer: str, field: Field, check: DocumentCheck) -> None:
    formula = field.option("formula")
    if formula is not None:
        compiled = check.compile(f"{pointer}/formula", formula, field.object, expect=field.type)
        fill(field, formula=compiled)
    where = field.option("where")
    if isinstance(where, Mapping):
        fill(field, picks=_picks(f"{pointer}/where", where, field, check))
    elif where is not None:
        target = field.to or "user"
        compiled = check.condition(f"{pointer}/where", where, target, record=field.object)
        fill(field, pick=compiled)
    if field.option("pull") is not None:
        fill(field, pull=_pulls(f"{pointer}/pull", field, check))
    if field.option("at") is not None:
        fill(field, issued=issue_condition(f"{pointer}/at", field, check))
    fill(field, calendar=calendar_of(field, check.draft.calendars))
    _set_default(f"{pointer}/default", field, check)


def _picks(
    pointer: str, where: Mapping[str, str], field: Field, check: DocumentCheck
) -> Mapping[str, Expression]:
    """The conditions of a look-up of several object types, by their names."""
    found = {}
    for target, source in where.items():
        if target in field.targets and target in check.objects:
            place = f"{pointer}/{target}"
            compiled = check.condition(place, source, target, record=field.object)
            if compiled is not None:
                found[target] = compiled
    return found


def _pulls(pointer: str, field: Field, check: DocumentCheck) -> Mapping[str, Expression]:
    """What a look-up fills in other fields, each an expression over the linked record."""
    object, found = check.objects[field.object], {}
    for name, source in field.option("pull").items():
        filled = check.field(f"{pointer}/{name}", object, name)
        if filled is None:
            continue
        if not filled.writable or filled.name == field.name:
            check.fault(
                f"{pointer}/{name}",
                "not_writable",
                f"`{name}` cannot be filled from the linked record.",
                "Name a field that people can edit.",
            )
            continue
        compiled = check.compile(f"{pointer}/{name}", source, field.to, expect=filled.type)
        if compiled is not None:
            found[name] = compiled
    return found


def _set_default(pointer: str, field: Field, check: DocumentCheck) -> None:
    """A default is a value of the kind, else an expression over the record."""
    raw = field.option("default")
    if raw is None or raw == "" or raw == []:
        # A boolean that nobody sets is No; an empty list is what is absent anyway.
        # One that is required waits for an answer.
        if field.stored and field.kind.absent(field) is False and not field.required:
            fill(field, initial=False)
        return
    if not field.kind.editable:
        check.fault(
            pointer,
            "not_default",
            f"{field.kind.label} fields are set by the system, so they cannot have a default.",
            "Remove `default`.",
        )
    elif isinstance(raw, str) and raw.startswith("="):
        _compile_default(pointer, raw[1:].strip(), field, check)
    elif isinstance(raw, str) and not field.kind.literal(field, raw):
        _compile_default(pointer, raw, field, check)
    else:
        try:
            fill(field, initial=field.kind.parse(field, raw))
        except ValueFault as fault:
            check.fault(pointer, fault.code, f"The default is not valid. {fault.message}")


def _compile_default(pointer: str, source: str, field: Field, check: DocumentCheck) -> None:
    default = check.compile(pointer, source, field.object, expect=field.type)
    fill(field, default=default)


def _check_title(body: Mapping[str, Any], object: ObjectType, check: DocumentCheck) -> None:
    if "title" not in body:
        return
    for name in placeholders(object.title):
        if name == "title":
            check.fault("/title", "circle", "The title cannot contain itself.", "Remove {title}.")
        else:
            field = check.field("/title", object, name)
            if field is not None and field.option("protected"):
                check.fault(
                    "/title",
                    "protected",
                    f"`{name}` is protected, but everybody can read the title.",
                    f"Remove {{{name}}}.",
                )


def _check_scope(object: ObjectType, check: DocumentCheck) -> None:
    if object.scope is None:
        return
    field = check.path("/scope", object, object.scope)
    if field is not None and not field.targets:
        check.fault(
            "/scope",
            "not_a_lookup",
            f"`{object.scope}` is not a look-up.",
            "Give the path to the record that decides permissions.",
        )


def _check_keys(body: Mapping[str, Any], object: ObjectType, check: DocumentCheck) -> None:
    for at, key in items(body, "keys"):
        for place, name in enumerate(key["fields"]):
            pointer = f"/keys/{at}/fields/{place}"
            field = check.field(pointer, object, name)
            computed = field is not None and field.formula is not None and not key.get("unique")
            if field is not None and (field.many or not (field.kind.indexable or computed)):
                check.fault(
                    pointer,
                    "not_indexable",
                    f"{field.kind.label} fields such as `{name}` cannot be part of a key.",
                    "Remove it.",
                )


def _check_dated(object: ObjectType, check: DocumentCheck) -> None:
    dated = object.dated
    if dated is None:
        return
    ends = [
        check.field(f"/dated/{member}", object, name)
        for member, name in (("from", dated.from_), ("until", dated.until))
    ]
    for member, field in zip(("from", "until"), ends, strict=True):
        if field is not None and (not is_day(field) or not field.stored):
            check.fault(
                f"/dated/{member}",
                "not_a_date",
                f"`{field.name}` is not a date.",
                "Name a field of kind date.",
            )
            return
    for at, name in enumerate(dated.per):
        check.field(f"/dated/per/{at}", object, name)
    if ends[0] is None or ends[1] is None:
        return
    if ends[0].type != ends[1].type:
        check.fault(
            "/dated",
            "unequal_kinds",
            "One end is a date, the other a date and time.",
            "Use the same kind for both.",
        )
        return
    clock = "today()" if ends[0].type == types.DATE else "now()"
    source = f"{dated.from_} <= {clock} and ({dated.until} == null or {dated.until} > {clock})"
    fill(object.fields["in_force"], formula=check.condition("/dated", source, object.name))


def _check_work(object: ObjectType, check: DocumentCheck) -> None:
    if object.work is None:
        return
    person = check.field("/work/assignee", object, object.work.assignee)
    if person is not None and (not person.type.people or person.many):
        message = f"`{person.name}` is not a field of one person."
        check.fault("/work/assignee", "not_a_person", message, "Name a field of kind person.")
    due = check.field("/work/due", object, object.work.due) if object.work.due else None
    if due is not None and due.type not in (types.DATE, types.DATETIME):
        message = f"`{due.name}` is not a date."
        hint = "Name a field of kind date or datetime."
        check.fault("/work/due", "not_a_date", message, hint)


def _checks(body: Mapping[str, Any], object: ObjectType, check: DocumentCheck) -> tuple[Check, ...]:
    check.names("/checks", (one and one["name"] for one in body.get("checks", ())), "check")
    found = []
    for at, spec in items(body, "checks"):
        if "field" in spec:
            check.field(f"/checks/{at}/field", object, spec["field"])
        expect = check.condition(f"/checks/{at}/expect", spec["expect"], object.name)
        if expect is not None:
            message = label_text(spec["message"])
            found.append(Check(spec["name"], expect, message, spec.get("field")))
    return tuple(found)


def _logic(body: Mapping[str, Any], object: ObjectType, check: DocumentCheck) -> tuple[Logic, ...]:
    found = []
    for at, spec in items(body, "logic"):
        check.field(f"/logic/{at}/field", object, spec["field"])
        if not any(name in spec for name in LOGIC):
            check.fault(
                f"/logic/{at}",
                "empty",
                f"The entry for `{spec['field']}` has no condition.",
                f"Add one of {listed(LOGIC)}.",
            )
        rules = {
            name: check.condition(f"/logic/{at}/{name}", spec[name], object.name)
            for name in LOGIC
            if name in spec
        }
        found.append(Logic(spec["field"], **rules))
    for at, spec in items(body, "fields"):
        field, source = object.fields.get(spec["name"]), spec.get("required")
        if field is not None and not field.system and isinstance(source, str):
            needed = check.condition(f"/fields/{at}/required", source, object.name)
            found.append(Logic(field.name, required=needed))
    return tuple(found)


def _states(body: Mapping[str, Any], object: ObjectType, check: DocumentCheck) -> States | None:
    spec = body.get("states")
    if spec is None:
        return None
    field = check.field("/states/field", object, spec["field"])
    if field is None:
        return None
    if field.type.name != types.CHOICE.name or not field.stored:
        check.fault(
            "/states/field",
            "not_a_choice",
            f"`{field.name}` is not a choice.",
            "Name a field of kind choice.",
        )
        return None
    names = (one and one["name"] for one in spec["transitions"])
    check.names("/states/transitions", names, "transition")
    return States(
        field.name,
        tuple(
            _transition(f"/states/transitions/{at}", one, field, check)
            for at, one in items(spec, "transitions")
        ),
    )


def _transition(
    pointer: str, spec: Mapping[str, Any], field: Field, check: DocumentCheck
) -> Transition:
    for at, name in enumerate(spec["from"]):
        _check_option(f"{pointer}/from/{at}", name, field, check)
    _check_option(f"{pointer}/to", spec["to"], field, check)
    for at, role in enumerate(spec.get("allow", ())):
        check.reference(f"{pointer}/allow/{at}", "role", role)
    for member in ("ask", "needs"):
        for at, name in enumerate(spec.get(member, ())):
            _check_asked(f"{pointer}/{member}/{at}", name, field, check)
    when = spec.get("when")
    return Transition(
        name=spec["name"],
        label=label_text(spec.get("label", humanise(spec["name"]))),
        sources=tuple(spec["from"]),
        to=spec["to"],
        allow=tuple(spec.get("allow", ())),
        when=check.condition(f"{pointer}/when", when, field.object) if when else None,
        message=label_text(spec.get("message", "")),
        ask=tuple(spec.get("ask", ())),
        needs=tuple(spec.get("needs", ())),
    )


def _check_asked(pointer: str, name: str, state: Field, check: DocumentCheck) -> None:
    field = check.field(pointer, check.objects[state.object], name)
    if field is None:
        return
    if field.name == state.name or not field.writable or field.read_only:
        message = f"Nobody can be asked for `{name}` when the state changes."
        check.fault(pointer, "not_writable", message, "Name a field that people can edit.")


def _check_option(pointer: str, name: str, field: Field, check: DocumentCheck) -> None:
    names = [option.name for option in field.type.options]
    if name not in names:
        check.fault(
            pointer,
            "not_an_option",
            f"`{name}` is not an option of `{field.name}`.",
            nearest(name, names) or f"Use one of {listed(names)}.",
        )
