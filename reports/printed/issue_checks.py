"""A record that becomes final with a table that does not add up is not saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fluvial.auth.actors import SYSTEM
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.record_environment import RecordEnvironment
from metamodel.catalog import Catalog
from metamodel.expressions.python import truth

from .document_data import PrintedTemplate, Subject, checked_sums, printed_templates


def _judged(catalog: Catalog) -> Mapping[str, tuple[PrintedTemplate, ...]]:
    """The templates whose documents are kept and must add up, by object type."""
    found: dict[str, tuple[PrintedTemplate, ...]] = {}
    for template in catalog.derive(printed_templates).values():
        if template.keep is not None and any(one.equals is not None for one in template.tables):
            found[template.object] = (*found.get(template.object, ()), template)
    return found


def stored(drafts: Sequence[Draft], event: str) -> None:
    """In the transaction of a change: what is final from now on must add up."""
    first = drafts[0]
    templates = first.session.catalog.derive(_judged).get(first.type.name, ())
    if event != "updated" or not templates:
        return
    for draft in drafts:
        for template in templates:
            _judge(draft, template)


def _judge(draft: Draft, template: PrintedTemplate) -> None:
    system = draft.session.as_actor(SYSTEM)
    keep = template.keep
    assert keep is not None
    now = RecordEnvironment(system, draft.type, draft.values)
    before = RecordEnvironment(system, draft.type, draft.before or {})
    if truth(keep, now) and not truth(keep, before):
        checked_sums(draft.session, Subject(template, draft.type, draft.id, now, True))
