"""The app passes its own tests, and there is nothing to remark on."""

from __future__ import annotations

import re

from fluvial.apptests.checking import check
from fluvial.kernel.features import load_features
from fluvial.packages import folder_of


def test_the_app_passes_its_check() -> None:
    kinds = load_features().kinds
    report = check(folder_of("psa"), kinds)
    assert [str(fault) for fault in (*report.faults, *report.failures)] == []
    assert report.tests >= 14 and report.warnings == []
    # What people of the desk and customers see has German words; the names of forms nobody reads.
    seen = "ticket|account|contact|site|asset|time_entry|timesheet|project|task|milestone"
    shown = f"(object|form)/({seen})(_main)?#/(?!label)|webform/|link/rate_ticket|view/my_"
    english = [place for place in report.untranslated["de"] if re.match(shown, place)]
    others = ("view/my_articles", "view/my_expenses", "view/my_opportunities")
    assert [place for place in english if not place.startswith(others)] == []
