"""The record that an address of a page names."""

from __future__ import annotations

from fluvial.http.call import Call
from fluvial.kernel.problems import NotFound
from fluvial.pages.reader_format import format_of
from fluvial.records.drafts.rows import load_row
from fluvial.records.reading import reader
from fluvial.runtime.session import Session

from .layouts import layout_of
from .shown_record import Shown


def found(call: Call, session: Session, action: str = "read") -> Shown:
    """The record of the address, as far as the person may see it."""
    type_ = session.object(call.params["object"], action)
    record = reader.read_one(session, type_.name, call.params["id"])
    values = load_row(session, type_.name, call.params["id"], "read")
    if values is None:
        raise NotFound(f"There is no {type_.label.lower()} with the id `{call.params['id']}`.")
    layout = layout_of(session.catalog, type_.name, session.access)
    return Shown(session, type_, layout, record, values, format_of(session)).opened(action)
