"""From a rule's document to the rule, with all that is wrong with it on the way.

The same code checks a document before it is put in force and compiles it once it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.checks import CatalogDraft, DocumentCheck, target_of
from metamodel.documents import Document
from metamodel.expressions import types
from metamodel.expressions.expression import Expression
from metamodel.folding import humanise, label_text

from .model import Action, Create, Notify, Refuse, Rule, Set, Several, Trigger, Webhook
from .triggers import read_trigger

CHANNELS = ("email", "in_app")
BEFORE_SAVE = ("set", "refuse")
AFTER_COMMIT = ("create", "update", "delete", "notify", "webhook")
TOLD = (types.PERSON.name, types.PERSONS.name, types.TEXT.name)


def compile_rule(document: Document, check: DocumentCheck) -> Rule | None:
    """The rule; faults go to the check, and nothing comes back where there is no trigger."""
    body = document.body
    trigger = read_trigger(body["on"], check)
    before = body.get("phase") == "before_save"
    if "run_as" in body:
        check.reference("/run_as", "role", body["run_as"])
    if trigger is None:
        return None
    if before and (trigger.kind != "event" or trigger.events & {"deleted", "restored"}):
        check.fault(
            "/phase",
            "not_before_save",
            "Only rules on created and updated can run before a save.",
            "Remove `phase`, or use the events created and updated.",
        )
    reader = _Actions(check, trigger, before)
    when = None
    if "when" in body:
        when = check.condition("/when", body["when"], trigger.object or None, change=reader.change)
    actions = [reader.read(f"/do/{at}", action) for at, action in enumerate(body["do"])]
    return Rule(
        name=document.name,
        label=label_text(body.get("label", humanise(document.name))),
        active=body.get("active", True),
        trigger=trigger,
        before_save=before,
        when=when,
        actions=tuple(action for action in actions if action is not None),
        run_as=body.get("run_as", ""),
        per_hour=body.get("limits", {}).get("per_hour"),
        order=body.get("order", 0),
        revision=hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12],
        source=body,
    )


def compiled(document: Document, catalog: Catalog) -> Rule | None:
    """The rule of a document in force, which has no faults."""
    draft = CatalogDraft(
        catalog.documents,
        objects=dict(catalog.objects),
        zone=catalog.zone,
        calendars=catalog.calendars,
    )
    return compile_rule(document, DocumentCheck(draft, document))


@dataclass(frozen=True)
class _Actions:
    check: DocumentCheck
    trigger: Trigger
    before: bool

    @property
    def change(self) -> bool:
        """Whether one can ask about the change."""
        return self.trigger.kind in ("event", "webform", "hook")

    @property
    def object(self) -> str | None:
        return self.trigger.object or None

    @property
    def type(self) -> ObjectType | None:
        return self.check.objects.get(self.trigger.object)

    def read(self, pointer: str, action: Mapping[str, Any]) -> Action | None:
        kinds = [name for name in action if name != "set"] or ["set"]
        kind = kinds[0]
        if len(kinds) > 1 or (kind not in ("set", "create") and "set" in action):
            self.check.fault(
                pointer,
                "several_actions",
                "An action must have exactly one verb.",
                "Start a new action with -, and write `set` inside `update`.",
            )
            return None
        allowed = BEFORE_SAVE if self.before else AFTER_COMMIT
        if kind not in allowed:
            self._wrong_phase(f"{pointer}/{kind}", kind)
            return None
        readers = {
            "set": self._set,
            "refuse": self._refuse,
            "create": self._create,
            "update": self._several,
            "delete": self._several,
            "notify": self._notify,
            "webhook": self._webhook,
        }
        return readers[kind](pointer, action)

    def _wrong_phase(self, pointer: str, kind: str) -> None:
        if self.before:
            hint = "Remove `phase: before_save`, or write a second rule for it."
            message = f"`{kind}` is not possible before a save: only `set` and `refuse` are."
        else:
            hint = "Add `phase: before_save`, or write `update: {set: ...}`."
            message = f"`{kind}` is only for rules before a save."
        self.check.fault(pointer, "wrong_phase", message, hint)

    def _set(self, pointer: str, action: Mapping[str, Any]) -> Action | None:
        if self.type is None:
            return None
        return Set(self._values(f"{pointer}/set", self.type, action["set"], change=self.change))

    def _refuse(self, pointer: str, action: Mapping[str, Any]) -> Action | None:
        spec = action["refuse"]
        if "field" in spec and self.type is not None:
            self.check.field(f"{pointer}/refuse/field", self.type, spec["field"])
        return Refuse(spec["message"], spec.get("field", ""))

    def _create(self, pointer: str, action: Mapping[str, Any]) -> Action | None:
        type_ = self.check.object(f"{pointer}/create", action["create"])
        if "set" not in action:
            self.check.fault(
                pointer, "missing", "`set` is missing.", "Add `set` with the new record's values."
            )
            return None
        if type_ is None:
            return None
        values = self._values(f"{pointer}/set", type_, action["set"], change=self.change)
        return Create(type_.name, values)

    def _several(self, pointer: str, action: Mapping[str, Any]) -> Action | None:
        kind = "update" if "update" in action else "delete"
        spec = action[kind]
        place = f"{pointer}/{kind}"
        each = tuple(spec["each"].split(".")) if "each" in spec else ()
        target = self._target(f"{place}/each", each)
        if ("set" in spec) != (kind == "update"):
            hint = "Add `set`." if kind == "update" else "Remove `set`."
            self.check.fault(
                place, "set", f"`{kind}` {'needs' if hint[0] == 'A' else 'has no'} `set`.", hint
            )
            return None
        if target is None:
            return None
        outer = self.object if each else None
        change = self.change and not each
        where = None
        if "where" in spec:
            where = self.check.condition(
                f"{place}/where", spec["where"], target.name, record=outer, change=change
            )
        values = {}
        if kind == "update":
            values = self._values(
                f"{place}/set", target, spec["set"], object=target.name, record=outer, change=change
            )
        return Several(target.name, each, where, values)

    def _target(self, pointer: str, each: tuple[str, ...]) -> ObjectType | None:
        """The object type at the end of a path of look-ups and at most one collection."""
        type_ = self.type
        if type_ is None:
            self.check.fault(
                pointer.removesuffix("/each"),
                "no_record",
                "This rule does not handle a record, so there is nothing to change.",
                "Name an `object` in `on`.",
            )
            return None
        for at, name in enumerate(each):
            if type_ is None:
                return None
            last = at == len(each) - 1
            inverse = type_.inverses.get(name)
            if inverse is not None and last:
                self.check.uses(pointer, f"{inverse.source}.{inverse.field}")
                return self.check.objects[inverse.source]
            found = self.check.field(pointer, type_, name)
            if found is None:
                return None
            many = found.type.name == types.RECORDS.name
            target = found.targets[0] if many and last else target_of(found)
            if target not in self.check.objects:
                self.check.fault(
                    pointer,
                    "not_a_lookup",
                    f"`{name}` does not lead to records of one object.",
                    "Write look-ups, with a collection at the end: member.loans.",
                )
                return None
            type_ = self.check.objects[target]
        return type_

    def _values(
        self,
        pointer: str,
        type_: ObjectType,
        values: Mapping[str, Any],
        *,
        object: str | None = "",
        record: str | None = None,
        change: bool = False,
    ) -> dict[str, Expression]:
        found: dict[str, Expression] = {}
        for name, source in values.items():
            place = f"{pointer}/{name}"
            field = self.check.field(place, type_, name)
            if field is None or not self._writable(place, field):
                continue
            compiled = self.check.compile(
                place,
                text_of(source),
                self.object if object == "" else object,
                record=record,
                change=change,
                expect=field.type,
            )
            if compiled is not None:
                found[name] = compiled
        return found

    def _writable(self, pointer: str, field: Field) -> bool:
        if field.writable:
            return True
        self.check.fault(
            pointer,
            "read_only",
            f"{field.label} is set by the system.",
            f"Remove `{field.name}`.",
        )
        return False

    def _notify(self, pointer: str, action: Mapping[str, Any]) -> Action | None:
        spec = action["notify"]
        place = f"{pointer}/notify"
        given = spec["to"] if isinstance(spec["to"], list) else [spec["to"]]
        to, roles = [], []
        for at, one in enumerate(given):
            if isinstance(one, Mapping):
                self.check.reference(f"{place}/to/{at}/role", "role", one["role"])
                roles.append(one["role"])
            elif (compiled := self._recipient(f"{place}/to/{at}", one)) is not None:
                to.append(compiled)
        template = spec.get("template", "")
        words = {}
        for name in ("subject", "text"):
            if name in spec:
                words[name] = self.check.compile(
                    f"{place}/{name}",
                    spec[name],
                    self.object,
                    change=self.change,
                    expect=types.TEXT,
                )
        self._check_words(place, template, spec)
        return Notify(
            tuple(to),
            tuple(roles),
            tuple(spec.get("by", CHANNELS)),
            template,
            words.get("subject"),
            words.get("text"),
        )

    def _recipient(self, pointer: str, source: str) -> Expression | None:
        compiled = self.check.compile(pointer, source, self.object, change=self.change)
        if compiled is None or compiled.type.name in TOLD:
            return compiled
        people = set(compiled.type.objects) <= {"user", "team", "group"} and compiled.type.objects
        if compiled.type.name in (types.RECORD.name, types.RECORDS.name) and people:
            return compiled
        self.check.fault(
            pointer,
            "not_a_recipient",
            f"`{source}` is neither a person nor an e-mail address.",
            "Name a person field, or an e-mail field such as member.email.",
        )
        return None

    def _check_words(self, pointer: str, template: str, spec: Mapping[str, Any]) -> None:
        if not template:
            if "subject" not in spec:
                self.check.fault(
                    pointer,
                    "missing",
                    "The message has no text.",
                    "Add `template`, or `subject` and `text`.",
                )
            return
        document = self.check.reference(f"{pointer}/template", "template", template)
        about = document.body.get("for") if document is not None else None
        if about is not None and about != self.trigger.object:
            self.check.fault(
                f"{pointer}/template",
                "other_object",
                f"The template `{template}` is for {about}, and this rule is about "
                f"{self.trigger.object or 'no record'}.",
                "Use a template for the same object.",
            )

    def _webhook(self, pointer: str, action: Mapping[str, Any]) -> Action | None:
        spec = action["webhook"]
        self.check.reference(f"{pointer}/webhook/to", "endpoint", spec["to"])
        body = self._body(f"{pointer}/webhook/body", spec.get("body", {}))
        return Webhook(spec["to"], spec.get("type", ""), body)

    def _body(self, pointer: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: self._body(f"{pointer}/{name}", one) for name, one in value.items()}
        if isinstance(value, list):
            return [self._body(f"{pointer}/{at}", one) for at, one in enumerate(value)]
        return self.check.compile(pointer, text_of(value), self.object, change=self.change)


def text_of(value: Any) -> str:
    """The expression of a plain value: numbers, true and false need no quotes in YAML."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
