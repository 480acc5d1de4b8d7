"""Features bring kinds of action: checked, judged, tried and done like the built-in ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from fluvial.kernel.features import Feature, Features
from fluvial.records.writing import writer
from metamodel.documents import forget_schemas
from metamodel.expressions import types
from metamodel.expressions.python import evaluate
from metamodel.reach import Reach
from rules import action_kinds, effect_kinds
from rules.action_kinds import ACTION, ActionKind
from rules.action_reader import ActionReader
from rules.effect_kinds import EffectKind
from rules.execution import Execution
from rules.model import Action, Create, Rule
from tests.rules.house import House, rule

ON = {"object": "loan", "event": "created"}


def read(reader: ActionReader, pointer: str, action: Mapping[str, Any]) -> Action | None:
    named = reader.naming_within("stamp", {"day": types.DATE})
    text = named.compile(f"{pointer}/stamp/says", action["stamp"]["says"], types.TEXT)
    return None if text is None else Create("stamp", "letter", {"name": text})


def perform(execution: Execution, at: int, action: Create) -> None:
    text = evaluate(action.values["name"], execution.environment)
    made = writer.create(execution.acting, "letter", {"name": text})
    execution.run.say(f"It stamped {text}.")
    execution.effect(at, "stamp", made["id"], {"object": "letter", "title": text})


def acts(pointer: str, rule: Rule, action: Create) -> Iterator[Reach]:
    yield Reach(f"{pointer}/stamp", "create", "letter", everywhere=True)


STAMP = ActionKind(
    "stamp",
    "Stamp it",
    {
        "type": "object",
        "properties": {"says": {"$ref": "#/$defs/expression", "title": "Says"}},
        "required": ["says"],
        "additionalProperties": False,
    },
    read,
    perform,
    acts=acts,
    effects=(EffectKind("stamp", "check", "Stamped", "Stamps"),),
    says="stamp it with {says}",
)


@pytest.fixture
def stamps() -> Iterator[None]:
    features = Features((Feature("stamps", brings=(ACTION(STAMP),)),))
    assert features.parts(ACTION) == (STAMP,)
    yield
    del action_kinds.ACTIONS["stamp"], effect_kinds.EFFECT_KINDS["stamp"]
    del action_kinds.ACTION_SCHEMA["properties"]["stamp"]
    forget_schemas()


@pytest.mark.usefixtures("stamps")
def test_what_a_feature_brings_is_an_action_like_the_others(house: House) -> None:
    house.define(rule("stamps", ON, {"stamp": {"says": "'No. ' & name"}}))
    loan = house.client.made("loan", name="Dune")
    house.work()
    assert [one["name"] for one in house.client.rows("/api/records/letter")] == ["No. Dune"]
    (run,) = house.runs("stamps")
    assert "It stamped No. Dune." in run["trace"]["lines"]
    page = house.client.get(f"/studio/runs/{run['id']}").text
    assert "Stamped the letter" in page
    tried = house.client.post(
        "/api/rules/stamps/dry-run", {"object": "loan", "id": loan["id"]}
    ).json()
    assert [one["kind"] for one in tried["effects"]] == ["stamp"]
    assert len(house.client.rows("/api/records/letter")) == 1


@pytest.mark.usefixtures("stamps")
def test_faults_of_a_brought_action_have_their_place(house: House) -> None:
    document = rule("stamps", ON, {"stamp": {"says": "nam"}})
    answer = house.client.call("PUT", "/api/meta/rule/stamps", document)
    assert answer.status == 422
    (fault,) = answer.json()["errors"]
    assert fault["pointer"].endswith("/do/0/stamp/says")
    wrong = rule("stamps", ON, {"stamp": {"says": "name"}, "set": {"name": "name"}})
    (fault,) = house.client.call("PUT", "/api/meta/rule/stamps", wrong).json()["errors"]
    assert fault["code"] == "several_actions"
    early = rule("stamps", ON, {"stamp": {"says": "name"}}, phase="before_save")
    (fault,) = house.client.call("PUT", "/api/meta/rule/stamps", early).json()["errors"]
    assert fault["code"] == "wrong_phase"


def test_two_features_cannot_bring_one_action() -> None:
    other = ActionKind("create", "Another", {}, read, perform)
    with pytest.raises(ValueError, match="already exists"):
        Features((Feature("others", brings=(ACTION(other),)),))


def test_names_with_a_dot_are_written_as_they_are_told() -> None:
    reader = ActionReader(None, None, False)  # type: ignore[arg-type]
    period = reader.naming_within("period", {"from": types.DATE, "until": types.DATE})
    assert period._undotted("period.from") == "period_from"
    assert period._undotted("'period.from' & text(period.until)") == (
        "'period.from' & text(period_until)"
    )
    assert period._undotted("record.period.from") == "record.period.from"
    other = period.naming_within("period", {"first": types.DATE})
    assert other._undotted("period.from + period.first") == "period.from + period_first"
