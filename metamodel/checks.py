"""What the checks of documents and fields work with: the catalog that is being built."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import TypeVar

from metamodel.calendars.calendars import NO_CALENDARS, Calendars
from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.decisions.decision import DecisionTable
from metamodel.document import Document
from metamodel.errors import ExpressionError, Fault
from metamodel.expressions import types
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.expression import Expression
from metamodel.expressions.scope import Scope
from metamodel.expressions.types import Type
from metamodel.folding import nearest
from metamodel.kinds.kind import FieldCheck
from metamodel.layers import locate

Made = TypeVar("Made")


@dataclass
class CatalogDraft:
    """The catalog under construction, and the faults found so far."""

    documents: Mapping[str, Mapping[str, Document]]
    objects: dict[str, ObjectType] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    # Object types of the last catalog that are taken over as they are.
    kept: Mapping[str, ObjectType] = field(default_factory=dict)
    # Fields that are left out because of faults of their own: that others do not find
    # them is no fault of the others.
    broken: set[tuple[str, str]] = field(default_factory=set)
    zone: str = "UTC"
    calendars: Calendars = NO_CALENDARS
    decisions: Mapping[str, DecisionTable] = field(default_factory=dict)
    kinds: frozenset[str] = frozenset()  # the kinds of document that there are
    uses: dict[str, set[str]] = field(default_factory=dict)  # see Catalog.uses
    columns: Mapping[tuple[str, str], str] = field(default_factory=dict)  # see Field.column

    @classmethod
    def of(cls, catalog: Catalog) -> CatalogDraft:
        """A catalog in force, over which documents are read again."""
        return cls(
            catalog.documents,
            objects=dict(catalog.objects),
            zone=catalog.zone,
            calendars=catalog.calendars,
            decisions=catalog.decisions,
        )

    def sorted_uses(self) -> dict[str, tuple[str, ...]]:
        return {target: tuple(sorted(places)) for target, places in self.uses.items()}

    def compiled(self, pointer: str, expression: Expression, record: str | None) -> None:
        """Called with every expression of the documents; see `document_reach`."""


class DocumentCheck:
    """What a check of one document sees and says."""

    def __init__(self, draft: CatalogDraft, document: Document) -> None:
        self.draft = draft
        self.document = document

    @property
    def objects(self) -> Mapping[str, ObjectType]:
        return self.draft.objects

    @property
    def documents(self) -> Mapping[str, Mapping[str, Document]]:
        """All documents in force: kind -> name -> document."""
        return self.draft.documents

    def fault(self, pointer: str, code: str, message: str, hint: str = "") -> None:
        """Report a fault at a JSON pointer into the document."""
        file, place = locate(self.document, pointer)
        self.draft.faults.append(Fault(self.document.place, place, code, message, hint, file))

    def uses(self, pointer: str, target: str) -> None:
        """Note that the document uses an object type, or a field of one."""
        self.draft.uses.setdefault(target, set()).add(f"{self.document.place}#{pointer}")

    def object(self, pointer: str, name: str) -> ObjectType | None:
        """An object type by name; a fault where there is none."""
        if name in self.objects:
            self.uses(pointer, name)
            return self.objects[name]
        hint = nearest(name, self.objects) or "Define it, or use the name of an existing one."
        self.fault(pointer, "unknown_object", f"There is no object `{name}`.", hint)
        return None

    def reference(self, pointer: str, kind: str, name: str) -> Document | None:
        """A document by kind and name; a fault where there is none."""
        there = self.documents.get(kind, {})
        if name in there:
            self.uses(pointer, f"{kind}/{name}")
            return there[name]
        hint = nearest(name, there) or f"Define it, or use the name of an existing {kind}."
        self.fault(pointer, f"unknown_{kind}", f"There is no {kind} `{name}`.", hint)
        return None

    def field(self, pointer: str, object: ObjectType, name: str) -> Field | None:
        """A field of an object type by name; a fault where there is none."""
        found = object.fields.get(name)
        if found is not None and not found.hidden:
            self.uses(pointer, f"{object.name}.{name}")
            return found
        if (object.name, name) not in self.draft.broken:
            self._unknown_field(pointer, object, name)
        return None

    def found_by(self, pointer: str, field: Field, find: str) -> bool:
        """Whether the record of a look-up can be found by a field of its own."""
        target = self.objects.get(field.to or "")
        if target is None or field.many:
            message = f"{field.label} does not link to a single record of one object."
            self.fault(pointer, "not_a_lookup", message, "Remove `find`.")
            return False
        return self.field(pointer, target, find) is not None

    def _unknown_field(self, pointer: str, object: ObjectType, name: str) -> None:
        known = [field.name for field in object.fields.values() if not field.hidden]
        hint = nearest(name, known) or f"The document of {object.label} lists its fields."
        self.fault(pointer, "unknown_field", f"{object.label} has no field `{name}`.", hint)

    def path(self, pointer: str, object: ObjectType, dotted: str) -> Field | None:
        """The last field of a path through look-ups; a fault where it does not lead on."""
        *hops, last = dotted.split(".")
        for name in hops:
            hop = self.field(pointer, object, name)
            if hop is None:
                return None
            target = target_of(hop)
            if target not in self.objects:
                self.fault(
                    pointer,
                    "not_a_lookup",
                    f"`{name}` is not a look-up to one object, so the path cannot go on.",
                    f"End the path with `{name}`.",
                )
                return None
            object = self.objects[target]
        return self.field(pointer, object, last)

    def compile(
        self,
        pointer: str,
        source: str,
        object: str | None = None,
        *,
        names: Mapping[str, Type] | None = None,
        change: bool = False,
        record: str | None = None,
        expect: Type | None = None,
    ) -> Expression | None:
        """Compile an expression; a fault, and nothing, where it is not valid."""
        scope = Scope(
            objects=self.objects,
            object=object,
            names=names or {},
            change=change,
            record=record,
            zone=self.draft.zone,
            calendars=self.draft.calendars,
            decisions=self.draft.decisions,
        )
        try:
            compiled = compile_expression(source, scope, expect)
        except ExpressionError as error:
            if not self._excused(error):
                at = source[error.at : error.at + error.length]
                named = f" At `{at}` (column {error.at + 1}) in" if at and at != source else " In"
                where = named if at or not error.at else f" At column {error.at + 1} in"
                self.fault(pointer, "expression", f"{error.message}{where}: {source}", error.hint)
            return None
        for used, name in compiled.uses:
            self.uses(pointer, f"{used}.{name}")
        for name in compiled.calendars:
            self.uses(pointer, f"calendar/{name}")
        for name in compiled.decisions:
            self.uses(pointer, f"decision/{name}")
        self.draft.compiled(pointer, compiled, record)
        return compiled

    def condition(
        self,
        pointer: str,
        source: str,
        object: str | None = None,
        *,
        change: bool = False,
        record: str | None = None,
    ) -> Expression | None:
        """Compile an expression that is true or false."""
        return self.compile(
            pointer, source, object, change=change, record=record, expect=types.BOOLEAN
        )

    def _excused(self, error: ExpressionError) -> bool:
        at = error.source[error.at : error.at + error.length]
        return any(name in at.split(".") for _, name in self.draft.broken)

    def names(self, pointer: str, names: Iterable[str | None], what: str) -> None:
        """Report names that are there twice; `None` holds the place of what is left out."""
        seen: set[str] = set()
        for at, name in enumerate(names):
            if name is None:
                continue
            if name in seen:
                self.fault(
                    f"{pointer}/{at}/name",
                    "duplicate_name",
                    f"The {what} `{name}` is defined twice.",
                    "Rename one of the two.",
                )
            seen.add(name)


class OptionsCheck(FieldCheck):
    """The check of one field of a document."""

    def __init__(self, check: DocumentCheck, field: Field, at: int) -> None:
        self.check = check
        self.subject = field
        self.place = f"/fields/{at}"
        self.faulty: list[str] = []  # the options that are reported already

    def inside(self, option: str) -> OptionsCheck:
        """The check of a field that stands within an option."""
        made = copy(self)
        made.place = self.pointer(option)
        return made

    def fault(self, option: str, code: str, message: str, hint: str = "") -> None:
        """Report a fault of an option, or with "" of the field."""
        self.faulty.append(option)
        self.check.fault(self.pointer(option), code, message, hint)

    def object(self, option: str, name: str) -> ObjectType | None:
        """The object type that an option names; a fault where there is none."""
        return self.check.object(self.pointer(option), name)

    def sibling(self, option: str, name: str) -> Field | None:
        """Another field of the same object that an option names; a fault where there is none."""
        return self.check.field(self.pointer(option), self.check.objects[self.subject.object], name)

    @property
    def calendars(self) -> Calendars:
        return self.check.draft.calendars

    def document_kind(self, option: str, name: str) -> None:
        """Report an option that names no kind of document."""
        kinds = self.check.draft.kinds
        if name not in kinds:
            hint = nearest(name, kinds) or "Use role, or another kind."
            self.fault(option, "unknown_kind", f"There is no document kind `{name}`.", hint)

    def pointer(self, option: str) -> str:
        return f"{self.place}/{option}" if option else self.place


def target_of(field: Field) -> str:
    """The object type that a path goes on with behind a field, or nothing."""
    if field.type.name == types.PERSON.name:
        return "user" if "user" in field.targets else next(iter(field.targets), "")
    one = field.type.name == types.RECORD.name
    return field.to or "" if one else ""


def made_of(
    catalog: Catalog, kind: str, make: Callable[[Document, DocumentCheck], Made | None]
) -> dict[str, Made]:
    """What the documents of a kind in force say, by their names; of faulty ones nothing."""
    draft = CatalogDraft.of(catalog)
    made = {}
    for document in catalog.of(kind).values():
        one = make(document, DocumentCheck(draft, document))
        if one is not None:
            made[document.name] = one
    return made
