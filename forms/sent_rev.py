"""The revision that a page was made from, as its form sends it back."""

from __future__ import annotations

from fluvial.http.call import Call
from fluvial.kernel.problems import Problem, fault
from fluvial.pages.sign_in import form_text
from metamodel.plain_figures import whole_of


def sent_rev(call: Call) -> int | None:
    """The revision that a page was made from; None where it says none."""
    text = form_text(call, "rev")
    rev = whole_of(text)
    if text and rev is None:
        message = "`rev` must be the revision of the record, as its page has it."
        raise Problem(message, errors=[fault("/rev", "not_a_revision", message)])
    return rev
