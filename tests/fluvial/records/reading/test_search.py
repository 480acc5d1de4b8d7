"""A search finds words inside words, in any script, however letters and numbers are written."""

import pytest

from fluvial.database.setup import set_up
from fluvial.records.calculated import recalculation_job
from tests.app import Client, Documents

THING = {
    "kind": "object",
    "name": "thing",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True, "searchable": True},
        {"name": "phone", "kind": "text", "format": "phone", "searchable": True},
        {"name": "mobile", "kind": "text", "format": "phone", "calling_code": "+49",
         "searchable": True},
        {"name": "note", "kind": "long_text", "searchable": True},
        {"name": "secret", "kind": "text", "searchable": True},
    ],
}  # fmt: skip
READER = {
    "kind": "role",
    "name": "reader",
    "grants": [{"object": "thing", "can": ["read"], "fields": {"secret": "none"}}],
}
THINGS = (
    "東京都千代田区の会社", "我家在上海东边。", "Łódź Sp. z o.o.", "Laserdrucker", "O'Neill & Sons",
    "서울특별시 강남구", "Smørrebrød og Æbler", "Đặng Văn", "กรุงเทพมหานคร", "L\u2019Été indien",
    "Caller", "Straße der Weltraumforschung", "ドライバー", "AB-4711/x",
)  # fmt: skip
FOUND = [
    ("千代田", "東京都千代田区の会社"), ("千代田区の会社", "東京都千代田区の会社"),
    ("東京 会社", "東京都千代田区の会社"), ("上海", "我家在上海东边。"), ("海", "我家在上海东边。"),
    ("lodz", "Łódź Sp. z o.o."), ("ŁÓDŹ", "Łódź Sp. z o.o."), ("drucker", "Laserdrucker"),
    ("laser", "Laserdrucker"), ("DRUCK", "Laserdrucker"), ("oneill", "O'Neill & Sons"),
    ("o'neill", "O'Neill & Sons"), ("neill", "O'Neill & Sons"), ("O\u2019Neill", "O'Neill & Sons"),
    ("강남", "서울특별시 강남구"), ("특별", "서울특별시 강남구"),
    ("smorrebrod", "Smørrebrød og Æbler"),
    ("aebler", "Smørrebrød og Æbler"), ("brød", "Smørrebrød og Æbler"), ("dang", "Đặng Văn"),
    ("เทพ", "กรุงเทพมหานคร"), ("ete", "L\u2019Été indien"), ("lete", "L\u2019Été indien"),
    ("strasse", "Straße der Weltraumforschung"), ("forschung welt", "Straße der Weltraumforschung"),
    ("ライバ", "ドライバー"), ("4711", "AB-4711/x"), ("711", "AB-4711/x"),
]  # fmt: skip
NUMBERS = ("0351 123456", "+49 351", "+49 351 123456", "0351123456", "+49351123456",
           "0351 12 34 56",
           "0049 351 123456", "(0351) 123456", "0351/123-456", "+49 (0)351 123456", "123456",
           "351 1234")  # fmt: skip
OF_THE_AREA = ("+49 351", "0351", "(0351)", "351", "0049 351")


@pytest.fixture
def documents() -> Documents:
    return [THING, READER]


@pytest.fixture
def things(client: Client) -> Client:
    reply = client.post("/api/records/thing", [{"name": name} for name in THINGS])
    assert reply.status == 201, reply.text
    return client


def names(client: Client, search: str, **more: str) -> list[str]:
    rows = client.rows("/api/records/thing", search=search, fields="name", **more)
    return [row["name"] for row in rows]


def test_words_are_found_in_any_script_and_inside_words(things: Client) -> None:
    for search, name in FOUND:
        assert names(things, search) == [name], search
        assert names(things, search, sort="name,-phone") == [name], search
    for search in ("千田代", "海上", "druckerei", "rucksack", "oneal", "xx", "4712"):
        assert names(things, search) == [], search


def test_whoever_may_not_read_every_field_finds_the_same_by_the_others(things: Client) -> None:
    reader = things.person("rita@example.com", "reader")
    things.made("thing", name="Plain", secret="Geheimdrucker", phone="0351 777777")
    for search, name in FOUND:
        assert names(reader, search) == [name], search
    assert names(things, "geheim") == ["Plain"]
    assert names(reader, "geheim") == names(reader, "heimdruck") == []
    assert names(reader, "+49 351 777777") == ["Plain"]


@pytest.mark.parametrize(
    "values",
    [{"phone": "0351 123456"}, {"phone": "+49 351 123456"}, {"mobile": "0351 123456"},
     {"phone": "(0351) 12 34 56"}, {"note": "Call 0351/123456 at noon."},
     {"phone": "+49 (0)351 123456"}, {"phone": "0351123456"}],
)  # fmt: skip
def test_telephone_numbers_are_found_in_every_form(things: Client, values: dict[str, str]) -> None:
    called = things.made("thing", name="Called", **values)
    other = things.made("thing", name="Other", phone="0351 654321")
    reader = things.person("rita@example.com", "reader")
    for search in {*NUMBERS, *OF_THE_AREA}:
        for client in (things, reader):
            found = [row["id"] for row in client.rows("/api/records/thing", search=search)]
            assert called["id"] in found, search
            assert (other["id"] in found) == (search in OF_THE_AREA), search


def test_numbers_that_begin_with_a_zero_are_found_as_they_are_written(things: Client) -> None:
    things.post("/api/records/thing", [{"name": "Order 0815"}, {"name": "Box 00815"}])
    assert sorted(names(things, "0815")) == ["Box 00815", "Order 0815"]
    assert names(things, "00815") == ["Box 00815"]
    assert names(things, "08159") == []


def test_changed_words_are_found_and_old_ones_are_not(things: Client) -> None:
    record = things.rows("/api/records/thing", search="drucker")[0]
    address = f"/api/records/thing/{record['id']}"
    things.patch(address, {"name": "Tintenstrahl 大阪"})
    assert names(things, "drucker") == []
    assert names(things, "strahl") == names(things, "阪") == ["Tintenstrahl 大阪"]
    things.delete(address)
    assert names(things, "strahl") == []
    things.post(f"{address}/restore")
    assert names(things, "strahl") == ["Tintenstrahl 大阪"]


def test_a_long_text_is_found_by_its_words(things: Client) -> None:
    note = " ".join(f"wort{at}endung" for at in range(3_000)) + " 上海" * 3_000 + " " + "x" * 5_000
    things.made("thing", name="Long", note=note)
    assert names(things, "wort2999endung") == ["Long"]
    assert "Long" in names(things, "上海")


def test_an_older_database_is_indexed_anew_by_the_workers(things: Client) -> None:
    engine = things.app.engine
    connection = engine.database.connection()
    things.made("thing", name="Reached", phone="0351 123456")
    with connection.transaction():
        connection.script("UPDATE fluvial_search SET text = 'laserdrucker 0351 123456'")
        connection.script("UPDATE fluvial_catalog SET words = NULL")
    assert names(things, "drucker") == []
    set_up(connection, engine.features.tables)
    while recalculation_job.run(engine):
        pass
    assert names(things, "drucker") == ["Laserdrucker"]
    assert names(things, "+49 351 123456") == ["Reached"]
    set_up(connection, engine.features.tables)
    assert things.get("/api/recalculations").json()["data"] == []
