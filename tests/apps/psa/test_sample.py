"""The sample data fit the objects, their look-ups find their records, and they stay the same."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import make_psa_sample

PSA = Path(__file__).resolve().parents[3] / "apps" / "psa"
SAMPLE = PSA / "sample"
CORE = {
    "user": {"email", "name", "roles", "groups", "teams", "active", "contact"},
    "group": {"name"},
    "team": {"name"},
}
LARGEST = 2_500_000  # bytes of all files

Rows = list[dict[str, str]]


def plan() -> list[dict[str, Any]]:
    order: list[dict[str, Any]] = yaml.safe_load((SAMPLE / "sample.yaml").read_text("utf-8"))[
        "order"
    ]
    return order


def rows(name: str) -> Rows:
    with (SAMPLE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def document(name: str) -> dict[str, Any]:
    body: dict[str, Any] = yaml.safe_load((PSA / "objects" / f"{name}.yaml").read_text("utf-8"))
    return body


def fields(name: str) -> dict[str, dict[str, Any]]:
    return {field["name"]: field for field in document(name)["fields"]}


def test_every_file_is_in_the_order_and_every_header_is_a_field() -> None:
    assert {one["file"] for one in plan()} == {path.name for path in SAMPLE.glob("*.csv")}
    for one in plan():
        known = CORE.get(one["object"]) or set(fields(one["object"]))
        headers = {name.split(".")[0] for name in rows(one["file"].removesuffix(".csv"))[0]}
        assert headers <= known, one["file"]


@pytest.mark.parametrize("one", plan(), ids=lambda one: str(one["file"]))
def test_choices_are_options_and_required_fields_are_filled(one: dict[str, Any]) -> None:
    if one["object"] in CORE:
        return
    known = fields(one["object"])
    for row in rows(one["file"].removesuffix(".csv")):
        for header, value in row.items():
            field = known[header.split(".")[0]]
            if value and field["kind"] in ("choice", "multi_choice"):
                assert set(value.split(";")) <= {option["name"] for option in field["options"]}
            if field.get("required") and "." not in header:
                assert value, f"{one['file']}: {header} is empty in {row}"


def test_look_ups_find_exactly_one_record() -> None:
    keys: dict[tuple[str, str], Rows] = {
        ("account", "code"): rows("account"),
        ("contact", "email"): rows("contact"),
        ("site", "name"): rows("site"),
        ("asset", "tag"): rows("asset"),
        ("contract", "number"): rows("contract"),
        ("contract_line", "number"): rows("contract_line"),
        ("ticket", "number"): rows("ticket"),
        ("product", "code"): rows("product"),
        ("asset_type", "name"): rows("asset_type"),
        ("user", "email"): rows("user"),
        ("group", "name"): rows("group"),
    }
    known = {key: [row[key[1]] for row in listed] for key, listed in keys.items()}
    for key, values in known.items():
        assert len(values) == len(set(values)), key
    sets = {key: set(values) for key, values in known.items()}
    for one in plan():
        if one["object"] in CORE:
            continue
        specs = fields(one["object"])
        for header in (name for name in rows(one["file"].removesuffix(".csv"))[0] if "." in name):
            first, *rest = header.split(".")
            spec = specs[first]
            target = "user" if spec["kind"] == "person" else spec["to"]
            key = (rest[0], rest[1]) if len(rest) == 2 else (target, rest[0])
            found = {row[header] for row in rows(one["file"].removesuffix(".csv"))} - {""}
            assert found <= sets[key], header


def test_cover_of_an_asset_under_a_line_does_not_overlap() -> None:
    spans: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for row in rows("coverage"):
        key = (row["asset.tag"], row["contract_line.number"])
        spans[key].append((row["starts"], row["ends"] or "9999-12-31"))
    for found in spans.values():
        found.sort()
        assert all(starts < ends for starts, ends in found)
        assert all(before[1] <= after[0] for before, after in zip(found, found[1:], strict=False))


def test_records_of_a_ticket_belong_to_its_account() -> None:
    owner = {row["tag"]: row["account.code"] for row in rows("asset")}
    owner |= {row["email"]: row["account.code"] for row in rows("contact")}
    owner |= {row["name"]: row["account.code"] for row in rows("site")}
    for row in rows("ticket"):
        for header in ("asset.tag", "contact.email", "site.name"):
            assert not row[header] or owner[row[header]] == row["account.code"]


def test_the_story_of_the_first_account() -> None:
    account, contact = rows("account")[0], rows("contact")[0]
    assert (account["name"], contact["name"]) == ("Harrow Legal LLP", "Jane Mercer")
    printer = next(row for row in rows("asset") if row["tag"] == "A-00307")
    assert printer["name"] == "Laser printer M507, records room"
    cover = [row for row in rows("coverage") if row["asset.tag"] == "A-00307"]
    assert [(row["level"], row["ends"]) for row in cover] == [
        ("silver", "2026-03-01"),
        ("gold", "2026-12-05"),
    ]


def test_made_again_the_files_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_psa_sample, "TARGET", tmp_path)
    make_psa_sample.main()
    names = sorted(path.name for path in SAMPLE.glob("*.csv"))
    assert names == sorted(path.name for path in tmp_path.iterdir())
    for name in names:
        assert (SAMPLE / name).read_bytes() == (tmp_path / name).read_bytes(), name
    assert sum((SAMPLE / name).stat().st_size for name in names) < LARGEST
