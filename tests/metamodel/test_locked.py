"""Locks as documents say them: what is refused when they are saved, and what uses what."""

from __future__ import annotations

import pytest

from metamodel.build import build_catalog
from metamodel.catalog import Catalog
from metamodel.documents import with_kinds
from metamodel.errors import Fault, MetadataError
from metamodel.locked import LOCKED, guarded_parts
from metamodel.uses import uses_of
from tests.metamodel.catalogs import CORE_DOCUMENTS, documents

KINDS = with_kinds([])
BILL = """
kind: object
name: bill
fields:
  - {{name: name, kind: text}}
  - {{name: number, kind: sequence, pattern: "B-{{00000}}"}}
  - {{name: status, kind: choice, options: [{{name: draft}}, {{name: sent}}, {{name: over}}]}}
  - {{name: closed, kind: boolean}}
  - {{name: amount, kind: number}}
  - {{name: day, kind: date}}
  - {{name: month, kind: lookup, to: month}}
  - {{name: high, kind: calculated, result: boolean, formula: "amount > 10"}}
  - {{name: lost, kind: calculated, result: boolean, formula: "day < today()"}}
  - {{name: whole, kind: calculated, result: number, formula: "count(rows)"}}
states: {{field: status, transitions: [
  {{name: send, from: [draft], to: sent}},
  {{name: back, from: [sent], to: draft}},
  {{name: end, from: [sent], to: over}}]}}
locked: {locked}
---
kind: object
name: month
fields: [{{name: name, kind: text}}, {{name: closed, kind: boolean}}]
---
kind: object
name: row
fields:
  - {{name: bill, kind: lookup, to: bill, inverse: rows, owned: true}}
  - {{name: name, kind: text}}
---
kind: object
name: share
fields:
  - {{name: row, kind: lookup, to: row, owned: true}}
  - {{name: bill, kind: lookup, to: bill}}
"""


def _catalog(locked: str, previous: Catalog | None = None) -> Catalog:
    found = [*CORE_DOCUMENTS, *documents(BILL.format(locked=locked))]
    return build_catalog(found, KINDS, previous=previous)


def _faults(locked: str) -> list[Fault]:
    with pytest.raises(MetadataError) as caught:
        _catalog(locked)
    return list(caught.value.faults)


@pytest.mark.parametrize(
    ("locked", "pointer", "code"),
    [
        # Whoever locks it could never unlock it.
        ("{when: closed}", "/locked/when", "locks_itself"),
        ("{when: closed, except: [name]}", "/locked/when", "locks_itself"),
        ("{when: \"status == 'over'\"}", "/locked/when", "locks_itself"),
        ("{when: \"status == 'over' and closed\"}", "/locked/when", "locks_itself"),
        ("{when: \"status == 'over' or amount > 3\", except: [closed]}", "/locked/when",
         "locks_itself"),
        ("{when: \"not (status in ['draft', 'sent'])\"}", "/locked/when", "locks_itself"),
        ("{when: high}", "/locked/when", "locks_itself"),
        ("{when: 'high and amount < 100', except: [status]}", "/locked/when", "locks_itself"),
        ("{when: 'day != null'}", "/locked/when", "locks_itself"),
        ("{when: \"owner != null\"}", "/locked/when", "locks_itself"),
        # What it names is not there, or not to be written.
        ("{when: closed, except: [closd]}", "/locked/except/0", "unknown_field"),
        ("{when: closed, except: [closed, high]}", "/locked/except/1", "not_writable"),
        ("{when: closed, except: [closed, number]}", "/locked/except/1", "not_writable"),
        ("{when: closed, except: [closed, created_at]}", "/locked/except/1", "not_writable"),
        ("{when: closd}", "/locked/when", "expression"),
        ("{when: amount}", "/locked/when", "expression"),
        ("{when: \"changed(status)\", except: [status]}", "/locked/when", "expression"),
        ("{when: \"owner == me\", except: [owner]}", "/locked/when", "personal"),
        ("{except: [name]}", "/locked", "missing"),
        ("{when: closed, except: [closed], unless: x}", "/locked/unless", "unknown_member"),
        ("{when: closed, except: closed}", "/locked/except", "wrong_type"),
    ],
)  # fmt: skip
def test_faulty_locks_are_refused_with_their_place(locked: str, pointer: str, code: str) -> None:
    found = [(one.pointer, one.code) for one in _faults(locked)]
    assert found == [(pointer, code)]


@pytest.mark.parametrize(
    "locked",
    [
        "{when: closed, except: [closed]}",
        "{when: \"status == 'sent'\"}",  # the transition `back` leads out
        "{when: \"status != 'draft'\"}",
        "{when: \"status == 'sent' and not (amount > 3)\"}",
        "{when: \"status != 'draft' or amount > 3\", except: [status]}",
        "{when: \"status == 'over'\", except: [status]}",  # meant to stay so
        "{when: lost}",  # the time decides
        '{when: "day < today()"}',
        "{when: month.closed}",  # others decide
        '{when: "whole > 0"}',
        '{when: "closed or month.closed"}',
        "{when: \"number != ''\"}",  # nobody writes that
        "{when: 'true'}",  # locked from birth
    ],
)
def test_locks_that_somebody_or_something_may_undo(locked: str) -> None:
    lock = LOCKED.of(_catalog(locked).objects["bill"])
    assert lock is not None and not lock.parts


def test_the_remedy_names_the_field_or_a_transition() -> None:
    (fault,) = _faults("{when: 'closed and amount > 3'}")
    assert fault.message == (
        "A locked record could never be unlocked: `amount` and `closed` decide it, and are locked "
        "with it."
    )
    assert "`amount`" in fault.hint and "transition" in fault.hint


def test_parts_are_those_that_it_owns_however_deep() -> None:
    locked = "{when: closed, except: [closed], parts: true}"
    catalog = _catalog(locked)
    found = {
        name: [field.name for field in fields] for name, fields in guarded_parts(catalog).items()
    }
    assert found == {"row": ["bill"], "share": ["row"]}
    assert "object/bill#/locked/parts" in uses_of(catalog, "row.bill")
    assert guarded_parts(_catalog("{when: closed, except: [closed]}")) == {}


def test_without_parts_there_is_nothing_to_lock_with_it() -> None:
    locked = "{when: closed, except: [closed], parts: true}"
    text = BILL.format(locked=locked).replace(", owned: true", "")
    for previous in (None, _catalog(locked)):
        with pytest.raises(MetadataError) as caught:
            build_catalog([*CORE_DOCUMENTS, *documents(text)], KINDS, previous=previous)
        (fault,) = caught.value.faults
        assert (fault.pointer, fault.code) == ("/locked/parts", "no_parts")


def test_what_it_asks_for_and_leaves_open_is_used() -> None:
    catalog = _catalog("{when: 'closed and month.closed', except: [name, closed]}")
    assert "object/bill#/locked/except/0" in uses_of(catalog, "bill.name")
    assert "object/bill#/locked/when" in uses_of(catalog, "bill.closed")
    assert "object/bill#/locked/when" in uses_of(catalog, "month.closed")
