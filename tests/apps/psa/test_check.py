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
    # What customers fill in has German words.
    english = [one for one in report.untranslated["de"] if re.match("webform/|link/rate_", one)]
    assert english == []
