"""Makers: code that works out the fields which parts of object documents make."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fluvial.kernel.features import Seam
from fluvial.records.drafts.rows import Values
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType

from .calculations import Worked


@dataclass(frozen=True)
class Making:
    """Fields of records that are to be worked out. `refuses` in the transaction of a change, where
    values that cannot be worked with are refused; workers note them and go on."""

    session: Session
    type: ObjectType
    names: Sequence[str]  # fields with `worked`; those along with them are worked out, too
    ids: Sequence[str]
    refuses: bool
    known: Mapping[str, Values]  # what records hold that have just been written, by id
    newborn: Collection[str] = ()  # those of them that begin with this write


@dataclass(frozen=True)
class FieldMaker:
    """What works out the fields of one part.

    `work_out` answers rows that all have the same columns; what is new in them is written.
    `reasons` answers why a field of a record has its value, as far as the session may know.
    """

    part: str
    work_out: Callable[[Making], list[Worked]]
    reasons: Callable[[Session, ObjectType, str, Field], dict[str, Any]]


FIELD_MAKER: Seam[FieldMaker] = Seam("fields that parts of object documents make")


def maker_of(session: Session, field: Field) -> FieldMaker:
    part = field.made_by.partition("/")[0]
    return next(one for one in session.engine.brought(FIELD_MAKER) if one.part == part)


def work_out_made(making: Making) -> list[list[Worked]]:
    """What records hold in fields of parts, and what they should hold, part by part."""
    fields = making.type.fields
    makers = {maker_of(making.session, fields[name]): None for name in making.names}
    return [maker.work_out(making) for maker in makers]
