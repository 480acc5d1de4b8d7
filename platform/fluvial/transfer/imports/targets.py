"""Where the columns of a table go: fields, and look-ups by a key of the record they lead to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache

from fluvial.auth.access import Access
from fluvial.kernel.problems import Unprocessable, fault
from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.folding import fold
from metamodel.object_types import PEOPLE
from metamodel.written.written_lengths import without_unit

from .export_columns import is_exported
from .options import Options

IDENTIFYING = ("name", "email")  # by which everybody may name people
Repeated = Mapping[str, str]  # the heading of columns that have it once more
NOT_REPEATED: Repeated = {}


def is_imported(field: Field) -> bool:
    """Whether tables may bring it: what people write, and numbers of records from elsewhere."""
    made = field.kind.unique and field.stored and not field.system
    return (field.writable or made) and not field.kind.uploads


@dataclass(frozen=True, eq=False)
class Target:
    """Where one column goes. With `object` its cells find records of it by `path`."""

    index: int
    column: str
    field: Field
    object: str = ""
    path: tuple[Field, ...] = ()
    kept: bool = False  # its values are compared, not written: they must be those that are there
    heading: str = ""  # over the column, which may stand there twice

    @property
    def by(self) -> Field:
        """The field of the other record that the cells hold."""
        return self.path[-1]


def _rivals(targets: Sequence[Target]) -> Iterator[dict[str, str]]:
    """Columns that would overwrite each other. Several may say which record is meant."""
    first: dict[str, Target] = {}
    for target in targets:
        other = first.setdefault(target.field.name, target)
        if other is target or target.field.many or (target.object and other.object):
            continue
        message = (
            f"The columns `{other.column}` and `{target.column}` both lead to "
            f"{target.field.label}, which holds one value. Skip one of them."
        )
        yield fault(f"/options/map/{target.column}", "two_columns", message)


ID = "id"  # of a record: a key, where an export comes back


class Resolver:
    """Resolves names of columns to targets of one object type, as far as the caller may write."""

    def __init__(self, catalog: Catalog, access: Access, type_: ObjectType) -> None:
        self._catalog = catalog
        self._access = access
        self._type = type_
        self.left_out: list[str] = []  # columns of our own exports that no table brings
        self._labels = {
            fold(field.label): name
            for name, field in type_.fields.items()
            if self._may_set(field) and not field.system
        }

    def targets(
        self,
        header: Sequence[str],
        options: Options,
        repeated: Repeated = NOT_REPEATED,
        hint: str = "",
    ) -> list[Target]:
        """The targets of a header; what leads nowhere is refused, all of it at once."""
        faults = [
            fault(f"/options/map/{column}", "unknown_column", f"The file has no column `{column}`.")
            for column in options.map
            if column not in header
        ]
        targets = []
        for index, column in enumerate(header):
            found = self._led(index, column, repeated.get(column, column), options)
            if isinstance(found, Target):
                targets.append(found)
            elif found is not None:
                faults.append(found)
        faults += [*_rivals(targets), *self._faulty_key(targets, options)]
        if not targets and not faults:
            faults.append(
                fault("/options/map", "nothing_mapped", "No column is mapped to a field.")
            )
        if faults:
            faults[0]["message"] += hint
            raise Unprocessable(faults[0]["message"], errors=faults)
        return targets

    def _led(
        self, index: int, column: str, heading: str, options: Options
    ) -> Target | dict[str, str] | None:
        """Where a column goes, what is wrong with that, or None where it is skipped."""
        wanted = options.map.get(column, options.map.get(heading))
        if wanted == "" or not column or column == options.past:
            return None
        name = wanted or self.fitting(heading)
        known = self._known(index, column, options) if name in ("", ID) else None
        if known is not None:
            return known
        place = f"/options/map/{column}"
        if name == ID or (not name and is_exported(self._access, self._type, column)):
            self.left_out.append(column)
            return None
        if not name:
            message = f"No field matches the column `{column}`. Map it to a field, or skip it."
            return None if options.map else fault(place, "unmapped", message)
        found = self.target(index, column, name)
        if isinstance(found, str):
            return fault(place, "unknown_field", found)
        return replace(found, heading=heading)

    def _known(self, index: int, column: str, options: Options) -> Target | None:
        """A column of our own export whose values can only be those that are there already."""
        first, *rest = column.split(".")
        field = self._type.fields.get(first)
        if field is None or field.hidden or first in self._access.object(self._type.name).hidden:
            return None
        if field.system:
            return Target(index, column, field, kept=True) if first in options.key else None
        if not is_imported(field):
            return None
        found = self._placed(index, column, field, rest)
        return None if isinstance(found, str) else replace(found, kept=True)

    def fits(self, mapped: Mapping[str, str]) -> Callable[[str], bool]:
        """Whether a heading names a field, or is mapped to one."""

        @cache
        def fits(heading: str) -> bool:
            return bool(mapped.get(heading) or self.fitting(heading))

        return fits

    def _faulty_key(self, targets: Sequence[Target], options: Options) -> Iterator[dict[str, str]]:
        placed = {target.field.name for target in targets} | set(options.fixed)
        for name in options.key:
            if name.partition(".")[0] not in placed:
                message = f"No column is mapped to `{name}`, which is part of the key."
                yield fault("/options/key", "unmapped_key", message)

    def fitting(self, column: str) -> str:
        """The field that a column's heading names exactly: by name, by path or by label."""
        if not isinstance(self.target(0, column, column), str):
            return column
        return self._labels.get(fold(column), "") or self._labels.get(
            fold(without_unit(column)), ""
        )

    def target(self, index: int, column: str, name: str) -> Target | str:
        """The target of a field's name or path; a sentence where there is none."""
        first, *rest = name.split(".")
        field = self._type.fields.get(first)
        access = self._access.object(self._type.name)
        if field is None or first in access.hidden or field.hidden:
            known = [name for name in self._type.fields if name not in access.hidden]
            near = get_close_matches(first, known, n=1)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            return f"{self._type.label} has no field `{first}`.{hint}"
        if not self._may_set(field):
            return (
                f"{field.label} cannot be imported: it is set by the system, or you may not "
                "write it."
            )
        return self._placed(index, column, field, rest)

    def _placed(self, index: int, column: str, field: Field, rest: list[str]) -> Target | str:
        if not rest:
            return Target(index, column, field)
        if not field.targets:
            return f"`{field.name}` is not a look-up, so the path cannot go on."
        return self._through(index, column, field, rest)

    def _through(self, index: int, column: str, field: Field, rest: list[str]) -> Target | str:
        if rest[0] in field.targets and len(rest) > 1:
            object_name, steps = rest[0], rest[1:]
        elif len(field.targets) == 1 or field.type.people:
            object_name, steps = field.targets[0], rest
        else:
            return f"Name the object: {field.name}.{field.targets[0]}.{rest[0]}."
        current, path = object_name, []
        for i, step in enumerate(steps):
            found = self._catalog.objects[current].fields.get(step)
            if found is None or self._hides(current, step):
                return self._no_field(current, field, step)
            path.append(found)
            if i < len(steps) - 1:
                if found.to is None or found.many:
                    return f"`{step}` is not a look-up of one record, so the path cannot go on."
                current = found.to
        if not path[-1].kind.identifies:
            return (
                f"{path[-1].label} cannot identify a record. Use a text field, such as a "
                "code or a name."
            )
        return Target(index, column, field, object_name, tuple(path))

    def _hides(self, object_name: str, name: str) -> bool:
        """Whether a field is unknown to the caller; people are found by what they are called."""
        if object_name in PEOPLE and name in IDENTIFYING:
            return False
        return self._access.hides(object_name, name)

    def _no_field(self, object_name: str, look_up: Field, name: str) -> str:
        """What records are called that the caller may not read is not told either."""
        known = object_name in PEOPLE or self._access.object(object_name).can("read")
        label = self._catalog.objects[object_name].label
        return f"{label if known else look_up.label} has no field `{name}`."

    def _may_set(self, field: Field) -> bool:
        """Numbers of records may come from another system; else what the caller may write."""
        access = self._access.object(self._type.name)
        if field.name in access.read_only or field.name in access.unknown:
            return False
        return is_imported(field)

    def suggestions(
        self, header: Sequence[str], repeated: Repeated = NOT_REPEATED
    ) -> Mapping[str, str]:
        """The fields that columns most likely mean, by their headings."""
        names = {fold(name.replace("_", " ")): name for name in self._nameable()}
        names |= {label: name for label, name in self._labels.items() if name in names.values()}
        found: dict[str, str] = {}
        for column in header:
            heading = repeated.get(column, column)
            exact = self.fitting(heading)
            words = fold(heading.replace("_", " ").replace(".", " "))
            near = get_close_matches(words, names, n=1, cutoff=0.75)
            name = exact or (names[near[0]] if near else "")
            if name and (self.by_key(name) not in found.values() or self._holds_many(name)):
                found[column] = self.by_key(name)
        return found

    def _holds_many(self, name: str) -> bool:
        field = self._type.fields.get(name.partition(".")[0])
        return field is not None and field.many

    def _nameable(self) -> list[str]:
        return [f.name for f in self._type.own_fields if self._may_set(f)]

    def by_key(self, name: str) -> str:
        """A look-up with the field by which people name the record: `author` is `author.name`."""
        field = self._type.fields.get(name)
        if field is not None and field.type.people:
            return f"{name}.email"
        if field is None or field.to is None:
            return name
        target = self._catalog.objects[field.to]
        unique = [
            f.name
            for f in target.own_fields
            if f.unique and f.kind.identifies and not self._hides(target.name, f.name)
        ]
        named = "name" in target.fields and not self._hides(target.name, "name")
        if "{name}" in target.title and named:
            return f"{name}.name"
        return f"{name}.{unique[0]}" if unique else name
