"""What the address of a report's page asks: each group and each measure has a parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from .group_choices import SHOWN
from .groupings import grouping, split_groups
from .report_model import ReportModel, report_measure
from .report_reader import ReportWish

GROUPS = ("group", "group2", "group3", "group4")
MEASURES = ("measure", "measure2", "measure3")
KNOWN = ("where", "columns", "show", "cursor", "as_of", "view", *GROUPS, *MEASURES)


def chosen(report: ReportModel, given: Mapping[str, str]) -> ReportModel:
    """The report, shown as the address says."""
    show = given.get("show", "")
    return replace(report, show=show) if show in SHOWN else report


def page_wish(report: ReportModel, given: Mapping[str, str]) -> ReportWish:
    """What the address of a page asks; each group and measure has a parameter of its own."""
    groups = measures = columns = None
    known = {one.text: one for one in (*report.groups, *report.columns)}
    if any(name in given for name in GROUPS):
        texts = [t for name in GROUPS for t in split_groups(given.get(name, "")) if t]
        groups = tuple(known.get(t) or grouping(t) for t in dict.fromkeys(texts))[: len(GROUPS)]
    if "columns" in given:
        texts = [t for t in split_groups(given["columns"]) if t]
        columns = tuple(known.get(t) or grouping(t) for t in texts)[:2]
    if any(given.get(name) for name in MEASURES) and not report.is_union:
        own = {one.key: one for one in report.measures}
        texts = [given[name] for name in MEASURES if given.get(name)]
        if list(own)[: len(texts)] != texts or len(own) != len(texts):
            measures = tuple(own.get(t) or report_measure(t) for t in dict.fromkeys(texts))
    return ReportWish(given.get("where", ""), groups, columns, measures)
