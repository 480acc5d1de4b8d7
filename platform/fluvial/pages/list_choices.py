"""What a list is asked beside its rows: the counts of its other views, and the chosen columns."""

from __future__ import annotations

from fluvial.http.call import Answer, Call
from fluvial.http.parameters import session_of_day
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Problem
from fluvial.records.reading.query import Query
from fluvial.records.reading.reader import read_page

from .list_request import listing
from .saved_views import replace_query
from .view_lists import views_of


def counts(call: Call) -> Answer:
    """How many records each view holds; asked for once the list stands, so that it need not wait.

    A view whose filter names what the person may not see, or what is gone, is left out.
    """
    session = session_of_day(call)
    type_ = session.object(call.params["object"])
    found = {}
    for view in views_of(session, type_.name):
        query = Query(
            type_.name, (("id",),), view.where, limit=1, total="capped", as_of=session.asked_day
        )
        try:
            read = read_page(session, query)
        except Problem:
            continue
        found[view.name] = f"{read['total']:,}{'+' if read['capped'] else ''}"
    return Answer.json({"counts": found})


def keep_columns(call: Call) -> Answer:
    """The columns that were chosen without scripts: kept for the person and the view."""
    sent = call.form.getlist("columns") if call.form is not None else []
    query = {name: value for name, value in call.query.items() if name != "columns"}
    query["columns"] = ",".join(str(name) for name in sent)
    return Answer.redirect(listing(replace_query(call, query)).href())


ENDPOINTS = (
    Endpoint(
        "GET", "/o/{object}/counts", counts, Policy.SIGNED_IN,
        "The number of records in each view.", page=True,
    ),
    Endpoint(
        "POST", "/o/{object}/columns", keep_columns, Policy.SIGNED_IN,
        "Choose the columns of a list.", page=True, form=True,
    ),
)  # fmt: skip
