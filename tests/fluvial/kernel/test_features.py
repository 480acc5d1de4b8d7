"""What features bring arrives at the seams in the order of the features."""

from __future__ import annotations

import sqlalchemy as sa

from fluvial.kernel.features import CORE, Feature, Features, Seam, load_features
from fluvial.kernel.settings import FEATURES

BEFORE: Seam[str] = Seam("before something")
AFTER: Seam[str] = Seam("after something")


def test_parts_come_in_the_order_of_the_features() -> None:
    one = Feature("one", brings=(BEFORE("a", "b"), AFTER("x"), BEFORE("c")))
    two = Feature("two", brings=(BEFORE("d"),))
    assert Features([one, two]).parts(BEFORE) == ("a", "b", "c", "d")
    assert Features([two, one]).parts(BEFORE) == ("d", "a", "b", "c")
    assert Features([one, two]).parts(AFTER) == ("x",)


def test_a_seam_to_which_nobody_brings_anything_is_empty() -> None:
    assert Features([]).parts(BEFORE) == ()
    assert Features([Feature("one", brings=(BEFORE(),))]).parts(BEFORE) == ()


def test_seams_that_say_the_same_are_two() -> None:
    twin: Seam[str] = Seam(BEFORE.about)
    features = Features([Feature("one", brings=(BEFORE("a"),))])
    assert features.parts(twin) == ()
    assert repr(twin) == "Seam('before something')"


def test_adding_a_feature_leaves_the_others_as_they_are() -> None:
    before = Features([Feature("one", brings=(BEFORE("a"),))])
    after = before + Feature("two", tables=sa.MetaData(), brings=(BEFORE("b"), AFTER("x")))
    assert (before.parts(BEFORE), before.parts(AFTER)) == (("a",), ())
    assert (after.parts(BEFORE), after.parts(AFTER)) == (("a", "b"), ("x",))
    assert [feature.name for feature in after.all] == ["one", "two"]
    assert (len(before.tables), len(after.tables)) == (0, 1)


def test_the_engine_enters_first_and_then_the_features_of_the_settings() -> None:
    assert [feature.name for feature in load_features().all] == [CORE, *FEATURES]
