"""What options of kinds ask of whole records: other fields, other records, files and people."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from fluvial.records.writing.writer import create
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from tests.app import Client

COUNTRIES = [{"name": "france"}, {"name": "spain"}]
CITIES = [
    {"name": "paris", "label": "Paris", "when": ["france"]},
    {"name": "madrid", "when": ["spain"]},
    {"name": "lyon", "when": ["france"], "retired": True},
    {"name": "abroad"},
]

BRANCH = {
    "kind": "object",
    "name": "branch",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "open", "kind": "boolean", "default": True},
        {"name": "country", "kind": "choice", "options": COUNTRIES},
        {"name": "fee", "kind": "money", "currency": "EUR"},
    ],
}
LOAN: dict[str, Any] = {
    "kind": "object",
    "name": "loan",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "country", "kind": "choice", "options": COUNTRIES},
        {"name": "city", "kind": "choice", "options": CITIES, "depends_on": "country"},
        {"name": "stops", "kind": "multi_choice", "options": CITIES, "depends_on": "country"},
        {"name": "currency", "kind": "choice", "options": [{"name": "eur"}, {"name": "jpy"}]},
        {"name": "fine", "kind": "money", "currency_from": "currency"},
        {
            "name": "branch",
            "kind": "lookup",
            "to": "branch",
            "create": True,
            "pull": {"country": "country", "fee": "fee", "note": "'Lent in ' & name"},
        },
        {"name": "fee", "kind": "money", "currency": "EUR"},
        {"name": "note", "kind": "text", "default": "none"},
        {
            "name": "about",
            "kind": "any_lookup",
            "to": ["branch", "loan"],
            "on_delete": "cascade",
            "where": {"branch": "open"},
        },
        {"name": "librarian", "kind": "person"},
        {"name": "reason", "kind": "text", "required": "country == 'spain' and due_day == null"},
        {"name": "due_day", "kind": "date", "working": True, "calendar": "desk"},
        {"name": "due_at", "kind": "datetime", "working": True, "calendar": "desk"},
        {"name": "helpers", "kind": "person", "many": True},
        {"name": "desk", "kind": "person", "accepts": ["user", "team", "group"]},
        {"name": "desks", "kind": "person", "accepts": ["team", "group"], "many": True},
        {"name": "scans", "kind": "file", "versions": True, "many": True, "max_files": 2},
    ],
}
DESK = {
    "kind": "calendar",
    "name": "desk",
    "zone": "Europe/Paris",
    "hours": {"mon-fri": ["09:00-17:00"]},
    "holidays": [{"date": "2026-12-25"}, {"date": "2026-12-28", "hours": ["10:00-12:00"]}],
}
PART = {
    "kind": "object",
    "name": "part",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "whole", "kind": "lookup", "to": "loan", "owned": True, "inverse": "parts"},
        {"name": "kept", "kind": "lookup", "to": "branch", "on_delete": "clear"},
        {"name": "held", "kind": "lookup", "to": "branch"},
    ],
}


def refused(client: Client, path: str, **values: Any) -> dict[str, str]:
    """The messages by field of a record that is not taken."""
    reply = client.patch(path, values) if path.count("/") > 3 else client.post(path, values)
    assert reply.status == 422, reply.text
    return {fault["pointer"].strip("/"): fault["message"] for fault in reply.json()["errors"]}


def test_options_that_look_at_the_rest_of_the_record(client: Client) -> None:
    client.define(DESK, BRANCH, LOAN, PART)
    loans = "/api/records/loan"

    # A choice that depends on another.
    said = refused(client, loans, country="spain", city="paris", stops=["madrid", "paris"])
    assert said["city"] == (
        "Paris is not available for this country. Possible here: Madrid and Abroad."
    ) and said["stops"].startswith("Paris is not available")
    assert "city" in refused(client, loans, city="paris")  # of no country
    paris = {"country": "france", "city": "paris", "stops": ["paris", "abroad"]}
    loan = client.made("loan", **paris, due_day="2026-12-28")
    path = f"{loans}/{loan['id']}"
    assert set(refused(client, path, country="spain")) == {"city", "stops"}
    assert client.patch(path, {"country": "spain", "city": "abroad", "stops": []}).status == 200

    # Amounts in the record's currency.
    assert "currency first" in refused(client, loans, fine="12.50")["fine"]
    fined = client.made("loan", currency="eur", fine={"amount": "12.50"})
    assert fined["fine"] == {"amount": "12.50", "currency": "EUR"}
    moved = client.patch(f"{loans}/{fined['id']}", {"currency": "jpy", "fine": 1200}).json()
    assert moved["fine"] == {"amount": "1200", "currency": "JPY"}
    assert "decimals" in refused(client, f"{loans}/{fined['id']}", fine="1.5")["fine"]
    # An amount that names another currency than the record is not relabelled.
    fined_path = f"{loans}/{fined['id']}"
    for body in (
        {"fine": {"amount": "7", "currency": "EUR"}},
        {"fine": moved["fine"], "currency": "eur"},
        {"fine": {"amount": "7", "currency": "USD"}, "currency": "eur"},
    ):
        assert "The currency of this record is" in refused(client, fined_path, **body)["fine"]
    usd = {"amount": "7", "currency": "USD"}
    assert "not USD" in refused(client, loans, currency="eur", fine=usd)["fine"]
    both = {"fine": {"amount": "7", "currency": "EUR"}, "currency": "eur"}
    assert client.patch(fined_path, both).json()["fine"] == {"amount": "7.00", "currency": "EUR"}
    assert client.patch(fined_path, {"currency": "jpy"}).json()["fine"]["currency"] == "JPY"

    # What a look-up fills in, unless somebody writes it.
    branch = client.made("branch", name="Lyon", country="france", fee="3.00")
    pulled = client.made("loan", branch=branch["id"])
    assert (pulled["country"], pulled["note"]) == ("france", "Lent in Lyon")
    assert pulled["fee"] == {"amount": "3.00", "currency": "EUR"}
    own = client.made("loan", branch=branch["id"], note="Mine", fee="1.00")
    assert (own["note"], own["fee"]["amount"]) == ("Mine", "1.00")
    later = client.patch(path, {"branch": branch["id"], "city": "paris"}).json()
    assert (later["country"], later["note"]) == ("france", "Lent in Lyon")

    # Which records of which object type may be picked.
    shut = client.made("branch", name="Shut", open=False)
    about = {"object": "branch", "id": shut["id"]}
    assert "cannot be picked" in refused(client, loans, about=about)["about"]
    assert client.made("loan", about={"object": "loan", "id": loan["id"]})["about"]
    offered = client.get("/lookup/loan/about", object="branch").json()["results"]
    assert [one["label"] for one in offered] == ["Lyon"]

    # A record made where a look-up found none.
    new = client.post("/lookup/loan/branch", {"title": "Nice"}, accept="application/json")
    assert new.status == 201 and new.json()["title"] == "Nice"
    assert client.get(f"/api/records/branch/{new.json()['id']}").json()["name"] == "Nice"

    # Parts go with their owner; links clear, or hold it back.
    part = client.made("part", whole=loan["id"], kept=shut["id"], held=branch["id"])
    assert client.delete(f"/api/records/branch/{branch['id']}").status == 409
    assert client.delete(f"/api/records/branch/{shut['id']}").status == 204
    assert client.get(f"/api/records/part/{part['id']}").json()["kept"] is None
    assert client.delete(path).status == 204
    assert client.get(f"/api/records/part/{part['id']}").status == 404

    # Working days alone, in the calendar's zone; what is needed on a condition.
    said = refused(client, loans, due_day="2026-12-25", due_at="2026-12-26T23:30:00Z")
    assert said == {
        "due_day": "2026-12-25 is a Friday without working hours. "
        "The next working day is 2026-12-28.",
        "due_at": "2026-12-27 is a Sunday without working hours. "
        "The next working day is 2026-12-28.",
    }
    client.made("loan", due_day="2026-12-28", due_at="2026-12-27T23:00:00Z")
    assert refused(client, loans, country="spain") == {"reason": "Reason is required here."}
    client.made("loan", country="spain", due_day="2026-12-24")

    # Groups and teams beside users.
    me = client.get("/api/me").json()["id"]
    group, team = (client.made(kind, name=f"First {kind}")["id"] for kind in ("group", "team"))
    client.patch(f"/api/records/user/{me}", {"groups": [group]})
    held = {}
    for kind, id_ in (("user", me), ("team", team), ("group", group)):
        others = [{kind: id_}] if kind != "user" else []
        held[kind] = client.made("loan", desk={kind: id_}, desks=others)["id"]
    one = client.get(f"{loans}/{held['group']}").json()
    assert (one["desk"], one["desks"]) == ({"group": group}, [{"group": group}])

    def found(**query: str) -> list[str]:
        ids = {id_: kind for kind, id_ in held.items()}
        return sorted(ids[row["id"]] for row in client.rows(loans, **query) if row["id"] in ids)

    assert found(where="desk == me") == ["user"]
    assert found(where="desk in me.groups") == ["group"]
    assert found(where="desk == me or desk in me.groups or desk in me.teams") == ["group", "user"]
    assert found(where="desk != null") == ["group", "team", "user"]
    assert found(desk=f"group:{group}") == found(desks=f"group:{group}") == ["group"]
    offered = client.get("/lookup/loan/desk", q="First").json()["results"]
    assert [(r["value"], r["label"], r["hint"]) for r in offered] == [
        (f"team:{team}", "First team", "Team"), (f"group:{group}", "First group", "Group"),
    ]  # fmt: skip
    assert "First group" in client.get(f"/o/loan/{held['group']}").text
    assert "no group" in refused(client, loans, desk={"group": team})["desk"]
    rights = {"object": "loan", "can": ["read"], "where": "desk in me.groups or desk == me"}
    client.define({"kind": "role", "name": "clerk", "label": "Clerk", "grants": [rights]})
    clerk = client.person("clerk@example.com", "clerk", groups=[group])
    assert [row["id"] for row in clerk.rows(loans)] == [held["group"]]
    user = clerk.get("/api/me").json()["id"]
    for kind, allowed in (("group", True), ("team", False)):
        told = client.get(f"{loans}/{held[kind]}/access", user=user).json()
        assert told["actions"]["read"]["allowed"] is allowed

    # People who left stay where they are, and are not chosen anew.
    gone = client.made("user", name="Gil", email="gil@example.com", roles=[])
    served = client.made("loan", librarian={"user": gone["id"]}, helpers=[{"user": gone["id"]}])
    client.patch(f"/api/records/user/{gone['id']}", {"active": False})
    assert "no longer active" in refused(client, loans, librarian={"user": gone["id"]})["librarian"]
    kept = client.patch(f"{loans}/{served['id']}", {"note": "x", "helpers": [{"user": gone["id"]}]})
    assert kept.status == 200


def test_earlier_versions_of_files_stay_readable(client: Client) -> None:
    client.define(DESK, BRANCH, LOAN)
    ids = [_upload(client, f"page {n}") for n in range(3)]
    loan = client.made("loan", scans=ids[:2])
    path = f"/api/records/loan/{loan['id']}"
    assert "at most 2" in refused(client, path, scans=ids)["scans"]
    assert client.patch(path, {"scans": [ids[2]]}).status == 200
    assert client.get(f"/api/files/{ids[0]}").text == "page 0"
    history = client.rows(f"{path}/history")
    assert [file["id"] for file in history[0]["changes"]["scans"][0]] == ids[:2]
    assert client.patch(path, {"scans": [ids[0]]}).status == 200  # an earlier one comes back


def _upload(client: Client, text: str) -> str:
    mark = "----parts"
    body = (
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="scan.txt"\r\n'
        f"Content-Type: text/plain\r\n\r\n{text}\r\n--{mark}--\r\n"
    )
    headers = {"content-type": f"multipart/form-data; boundary={mark}"}
    reply = client.call("POST", "/api/files", body=body.encode(), headers=headers)
    assert reply.status == 201, reply.text
    return str(reply.json()["id"])


def faults_of(client: Client, *fields: dict[str, Any]) -> list[tuple[str, str]]:
    reply = client.post(
        "/api/meta/changes",
        {"documents": [BRANCH, {"kind": "object", "name": "thing", "fields": list(fields)}]},
    )
    assert reply.status == 422, reply.text
    return [(fault["pointer"], fault["code"]) for fault in reply.json()["errors"]]


def test_options_that_contradict_each_other_are_faults_of_the_document(client: Client) -> None:
    name = {"name": "name", "kind": "text"}
    cases: list[tuple[list[dict[str, Any]], str]] = [
        ([{"name": "a", "kind": "choice", "options": CITIES}], "no_dependence"),
        (
            [name, {"name": "a", "kind": "choice", "options": CITIES, "depends_on": "name"}],
            "not_a_choice",
        ),
        (
            [
                {"name": "b", "kind": "choice", "options": [{"name": "france"}]},
                {"name": "a", "kind": "choice", "options": CITIES, "depends_on": "b"},
            ],
            "not_an_option",
        ),
        (
            [name, {"name": "a", "kind": "money", "currency": "EUR", "currency_from": "name"}],
            "two_currencies",
        ),
        (
            [
                {"name": "b", "kind": "number"},
                {"name": "a", "kind": "money", "currency_from": "b"},
            ],
            "not_text",
        ),
        ([{"name": "a", "kind": "datetime", "zone": "Europe/Londn"}], "unknown_zone"),
        ([{"name": "a", "kind": "file", "max_files": 2}], "not_many"),
        ([{"name": "a", "kind": "text", "calling_code": "+44"}], "not_phone"),
        ([{"name": "a", "kind": "text", "trunk": ""}], "not_phone"),
        ([{"name": "a", "kind": "date", "working": True, "calendar": "desc"}], "unknown_calendar"),
        ([{"name": "a", "kind": "datetime", "working": True}], "no_calendar"),
        ([{"name": "a", "kind": "datetime", "calendar": "desk"}], "not_working"),
        ([{"name": "a", "kind": "text", "required": "nobody"}], "expression"),
        ([{"name": "a", "kind": "multi_lookup", "to": "branch", "min": 3, "max": 2}],
         "min_above_max"),
        ([{"name": "a", "kind": "any_lookup", "to": ["branch"], "where": {"loan": "true"}}],
         "unknown_object"),
        ([name, {"name": "a", "kind": "lookup", "to": "branch", "pull": {"nam": "name"}}],
         "unknown_field"),
        ([name, {"name": "a", "kind": "lookup", "to": "branch", "pull": {"name": "fee"}}],
         "expression"),
    ]  # fmt: skip
    for fields, code in cases:
        assert code in [found for _, found in faults_of(client, *fields)], fields


def test_an_option_takes_another_name_with_the_records_that_hold_it(client: Client) -> None:
    def book(*options: dict[str, Any]) -> dict[str, Any]:
        fields = [
            {"name": "state", "kind": "choice", "options": list(options), "dated": True},
            {"name": "past", "kind": "multi_choice", "options": list(options), "dated": True},
        ]
        return {"kind": "object", "name": "book", "fields": fields}

    def states() -> list[Any]:
        rows = client.rows("/api/records/book", sort="created_at")
        return [(row["state"], row["past"]) for row in rows]

    first = client.define(book({"name": "lent"}, {"name": "in"}, {"name": "lost"}))
    made = client.made("book", state="lent", past=["lent", "lost"])
    client.made("book", state="in", past=["in"])
    client.made("book")
    path = f"/api/records/book/{made['id']}"
    later = {"state": "lost", "past": ["lent", "in"]}
    assert client.patch(f"{path}?as_of=2099-01-01", later).status == 200

    renamed = book(
        {"name": "out", "label": "Lent out", "was": "lent"},
        {"name": "in"},
        {"name": "gone", "was": "lost"},
    )
    planned = client.post("/api/meta/changes?plan=true", {"documents": [renamed]}).json()
    found = {one["target"]: one for one in planned["operations"] if one["op"] == "rename_options"}
    assert (found["book.state"]["rows"], found["book.past"]["rows"]) == (1, 1)
    assert found["book.state"]["class"] == "rewrite"
    client.define(renamed)
    assert states() == [("out", ["out", "gone"]), ("in", ["in"]), (None, [])]
    then = client.get(path, as_of="2099-01-02").json()
    assert (then["state"], then["past"]) == ("gone", ["out", "in"])
    assert client.rows("/api/records/book", where="state == 'out'")[0]["id"] == made["id"]

    # Said once more it does nothing; two may exchange their names.
    again = client.define({**renamed, "label": "Books"})
    assert "rename_options" not in [one["op"] for one in again["operations"]]
    swapped = book({"name": "in", "was": "out"}, {"name": "out", "was": "in"}, {"name": "gone"})
    client.define(swapped)
    assert states()[:2] == [("in", ["in", "gone"]), ("out", ["out"])]
    client.define(renamed)

    back = client.post(f"/api/meta/revisions/{first['revision']}/rollback")
    assert back.status == 200, back.text
    assert states()[0] == ("lent", ["lent", "lost"])
    twice = book({"name": "lent"}, {"name": "out", "was": "lent"})
    reply = client.post("/api/meta/changes", {"documents": [twice]})
    assert reply.json()["errors"][0]["code"] == "still_there"


def test_gap_free_numbers_leave_none_out_whoever_writes_and_gives_up(
    client: Client, engine: Engine
) -> None:
    number = {"name": "number", "kind": "sequence", "pattern": "B-{000}", "gap_free": True}
    name = {"name": "name", "kind": "text", "unique": True}
    client.define({"kind": "object", "name": "bill", "fields": [number, name]})

    def write(writer: int) -> None:
        for at in range(8):
            session = Session.begin(engine)
            with suppress(RuntimeError), session.connection.transaction():
                create(session, "bill", {"name": f"{writer} {at}"})
                if at % 3 == 1:
                    raise RuntimeError("The work that the number was for came to nothing.")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    numbers = sorted(row["number"] for row in client.rows("/api/records/bill", limit="100"))
    assert numbers == [f"B-{at:03d}" for at in range(1, 21)]


def test_amounts_are_kept_in_a_base_currency_too(client: Client) -> None:
    currencies = [{"name": "eur"}, {"name": "usd"}, {"name": "jpy"}]
    rate = {
        "kind": "object", "name": "currency_rate",
        "fields": [
            {"name": "currency", "kind": "choice", "options": currencies[1:2]},
            {"name": "valid_from", "kind": "date"},
            {"name": "rate", "kind": "number", "scale": 6},
        ],
    }  # fmt: skip
    fine = {
        "kind": "object", "name": "fine",
        "fields": [
            {"name": "currency", "kind": "choice", "options": currencies},
            {"name": "issued", "kind": "date"},
            {"name": "fee", "kind": "money", "currency_from": "currency",
             "base": {"field": "sum_eur", "rates": "currency_rate", "date": "issued"}},
            {"name": "sum_eur", "kind": "money", "currency": "EUR", "read_only": True},
        ],
    }  # fmt: skip
    client.define(rate, fine)
    for day, worth in (("2026-01-01", "0.900000"), ("2026-06-01", "0.850005")):
        client.made("currency_rate", currency="usd", valid_from=day, rate=worth)
    made = client.made("fine", currency="usd", issued="2026-05-31", fee="10.00")
    path = f"/api/records/fine/{made['id']}"
    assert made["sum_eur"] == {"amount": "9.00", "currency": "EUR"}
    later = client.patch(path, {"issued": "2026-06-01", "fee": "1000.00"}).json()
    assert later["sum_eur"]["amount"] == "850.01"  # half away from zero, once
    client.made("currency_rate", currency="usd", valid_from="2026-05-01", rate="2")
    assert client.patch(path, {"issued": "2026-06-02"}).json()["sum_eur"]["amount"] == "850.01"
    assert client.patch(path, {"currency": "eur"}).json()["sum_eur"]["amount"] == "1000.00"
    said = refused(client, path, currency="usd", issued="2025-01-01")["fee"]
    assert said == "There is no rate of USD on 2025-01-01. Add one to the currency rates."
    assert "no rate of JPY" in refused(client, path, currency="jpy")["fee"]
    assert client.patch(path, {"fee": None}).json()["sum_eur"] is None
    summary = client.get("/api/records/fine/summary", measure="sum(sum_eur)")
    assert summary.status == 200

    base = {"field": "b", "rates": "branch"}
    a = {"name": "a", "kind": "money", "base": base}
    codes = {code for _, code in faults_of(client, a, {"name": "b", "kind": "money"})}
    assert codes == {"not_a_base", "no_rates"}


def test_fields_may_stay_out_of_lists_and_of_the_history(client: Client) -> None:
    fields = [
        {"name": "name", "kind": "text"},
        {"name": "shelf", "kind": "text", "in_lists": False},
        {"name": "seen", "kind": "date", "history": False},
    ]
    client.define({"kind": "object", "name": "copy", "fields": fields})
    made = client.made("copy", name="First", shelf="Back wall", seen="2021-01-01")
    client.patch(f"/api/records/copy/{made['id']}", {"seen": "2021-01-02", "shelf": "Front"})
    history = client.rows(f"/api/records/copy/{made['id']}/history")
    assert [sorted(entry["changes"]) for entry in history] == [["shelf"], ["name", "shelf"]]
    page = client.get("/o/copy").text
    assert "2 Jan 2021" in page and "Front" not in page
