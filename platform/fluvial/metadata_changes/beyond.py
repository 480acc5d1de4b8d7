"""What a change of metadata reaches beyond its author's own rights.

Documents work for everybody: a formula, a rule or a template reads and writes with the rights of
the system, and a role gives rights. So what its author may not do, a document of theirs does not
do either, unless an administrator approves it. Only what a change adds is judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from fluvial.auth.access import Access, access_of
from fluvial.database.schema_changes import SchemaOperation
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.document import Document
from metamodel.documents import ROLE, DocumentKind
from metamodel.object_types import PEOPLE
from metamodel.reach import Reach
from metamodel.uses import steps_of

from .change import MetadataChange, Prepared
from .changed_locks import loosened_locks
from .put_away import put_away_by_others
from .role_widening import widened_roles
from .state_widening import widened_states
from .told_reach import whole_reach
from .widening import Beyond, covers

ROLES, USERS, RUN_AS = "roles", "users", "run_as"  # rights on metadata of their own
WRITES = ("retype_field", "rename_options", "retire_field")
RIGHT = "It changes {what}, for which you need the right `{right}` on metadata."


def find_beyond(session: Session, change: MetadataChange, prepared: Prepared) -> list[Beyond]:
    """All of it, in the order of the documents. Of administrators nothing is asked."""
    if session.access.admin:
        return []
    judge = _Judge(session, prepared, access_of(prepared.old, session.actor))
    asked = {key for _, key, _ in change.entries()}
    keys = dict.fromkeys([*(key for _, key in prepared.after), *_others(prepared)])
    found = [one for key in keys for one in judge.document(key, asked=key in asked)]
    found += judge.operations(prepared.operations)
    found += judge.made(change.make)
    return list(dict.fromkeys(found))


def _others(prepared: Prepared) -> Iterator[tuple[str, str]]:
    """Documents that no layer says anything new of, but that layers in another order make."""
    for kind, named in prepared.new.documents.items():
        before = prepared.old.of(kind)
        yield from ((kind, name) for name, one in named.items() if before.get(name) is not one)


@dataclass
class _Judge:
    session: Session
    prepared: Prepared
    mine: Access
    restored: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        targets = [o.target for o in self.prepared.operations if o.op == "restore_field"]
        self.restored = put_away_by_others(self.session, targets)

    @property
    def old(self) -> Catalog:
        return self.prepared.old

    @property
    def new(self) -> Catalog:
        return self.prepared.new

    def document(self, key: tuple[str, str], *, asked: bool) -> Iterator[Beyond]:
        """What one document reaches now that it did not reach before."""
        kind_name, name = key
        kind = self.session.engine.kinds[kind_name]
        before, now = self.old.of(kind_name).get(name), self.new.of(kind_name).get(name)
        if asked:
            yield from self._rights(key)
        if now is None or (before is not None and before.body == now.body):
            return
        fresh = self._fresh(kind, before, now)
        for reach in fresh:
            yield from self._told(now.place, reach)
        if kind.carries and fresh_unit(kind, before, now):
            yield from self._carried(now)
        if kind_name == "role":
            yield from widened_roles(self.prepared, self.mine, now)
        elif kind_name == "object" and name in self.old.objects:
            yield from widened_states(self.old.objects[name], self.new.objects[name], self.mine)
            yield from loosened_locks(self.old.objects[name], self.new.objects[name])
            yield from widened_roles(self.prepared, self.mine, now)

    def _rights(self, key: tuple[str, str]) -> Iterator[Beyond]:
        kind, name = key
        place = f"{kind}/{name}"
        if kind == "role" and ROLES not in self.mine.meta:
            yield Beyond(place, "", place, RIGHT.format(what="a role", right=ROLES))
        if kind == "object" and name in PEOPLE and USERS not in self.mine.meta:
            yield Beyond(place, "", place, RIGHT.format(what=f"what a {name} is", right=USERS))

    def _fresh(
        self, kind: DocumentKind, before: Document | None, now: Document
    ) -> dict[Reach, None]:
        """What it reaches at places that are new, and through the templates that it names."""
        known: set[object] = set()
        if before is not None and not _switched_on(before, now):
            for reach in self._reach(kind, before, self.old):
                unit = kind.unit(before.body, steps_of(reach.pointer))
                known.add((unit, reach.action, reach.target, reach.everywhere))
        return {
            reach: None
            for reach in self._reach(kind, now, self.new)
            if (
                kind.unit(now.body, steps_of(reach.pointer)),
                reach.action,
                reach.target,
                reach.everywhere,
            )
            not in known
        }

    def _reach(self, kind: DocumentKind, document: Document, catalog: Catalog) -> list[Reach]:
        found = whole_reach(self.session.engine.kinds, document, catalog)
        if kind is ROLE:  # what its grants name is judged by what they allow
            return [one for one in found if one.pointer.endswith("/where")]
        return found

    def _carried(self, now: Document) -> Iterator[Beyond]:
        """What others send by way of a document goes wherever that leads now."""
        for place in self.new.uses.get(now.place, ()):
            kind_name, _, name = place.partition("#")[0].partition("/")
            kind = self.session.engine.kinds[kind_name]
            sender = self.new.of(kind_name).get(name)
            if sender is None or not kind.wide:
                continue
            for reach in self._reach(kind, sender, self.new):
                if reach.action == "read":
                    why = self._refused(reach)
                    if why:
                        why = f"{sender.place} sends by it. {why}"
                        yield Beyond(now.place, "/url", reach.target, why)

    def _told(self, place: str, reach: Reach) -> Iterator[Beyond]:
        if reach.action == "run_as":
            if RUN_AS not in self.mine.meta:
                what = "with whose rights a rule acts"
                yield Beyond(
                    place, reach.pointer, f"role/{reach.object}",
                    RIGHT.format(what=what, right=RUN_AS),
                )  # fmt: skip
            return
        if reach.action != "read" and reach.object in PEOPLE and USERS not in self.mine.meta:
            what = f"records of {reach.object}"
            message = RIGHT.format(what=what, right=USERS)
            yield Beyond(place, reach.pointer, reach.target, message)
        why = self._refused(reach)
        if why:
            yield Beyond(place, reach.pointer, reach.target, why)

    def _refused(self, reach: Reach) -> str:
        """Why the author's rights do not cover it; empty where they do."""
        if reach.target in self.restored or reach.object in self.restored:
            return f"It brings back values of {reach.target} that somebody else has put away."
        return covers(self.mine, self.old, reach)

    def operations(self, operations: Iterable[SchemaOperation]) -> Iterator[Beyond]:
        """What a change does to values that are there."""
        for operation in operations:
            object, _, name = operation.target.partition(".")
            place = f"object/{object}"
            if operation.op == "restore_field" and operation.target in self.restored:
                reach = Reach("/fields", "read", object, name)
            elif operation.op in WRITES and self._stored(object, name):
                reach = Reach("/fields", "update", object, name, everywhere=True)
            elif operation.op == "retire_object":
                reach = Reach("", "delete", object, everywhere=True)
            else:
                continue
            why = self._refused(reach)
            if why:
                yield Beyond(place, reach.pointer, reach.target, why)

    def _stored(self, object: str, name: str) -> bool:
        type_ = self.old.objects.get(object)
        return type_ is not None and name in type_.fields and type_.fields[name].stored

    def made(self, make: Iterable[str]) -> Iterator[Beyond]:
        """Records that a look-up makes of the texts it was before."""
        for target in sorted(make):
            object, _, name = target.partition(".")
            type_ = self.new.objects.get(object)
            for to in type_.fields[name].targets if type_ and name in type_.fields else ():
                why = self._refused(Reach("/fields", "create", to, "", everywhere=True))
                if why:
                    yield Beyond(f"object/{object}", "/fields", to, why)


def fresh_unit(kind: DocumentKind, before: Document | None, now: Document) -> bool:
    """Whether a document as a whole says something new."""
    return before is None or kind.unit(before.body, ()) != kind.unit(now.body, ())


def _switched_on(before: Document, now: Document) -> bool:
    """Whether it begins to work with this change, so that all of it is new."""
    return before.body.get("active") is False and now.body.get("active") is not False
