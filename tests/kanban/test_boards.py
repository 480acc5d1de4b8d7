"""Boards over HTTP: columns, lanes, totals, paging, and moving cards."""

from typing import Any

import pytest

from fluvial.records.reading import board_reads as columns_of_boards
from fluvial.records.reading import board_values, plan
from fluvial.runtime.engine import Engine
from kanban import board_columns, board_reader
from tests.app import Client, Documents
from tests.kanban.library import BRANCH, DESK, LOAN, SHELF


@pytest.fixture
def documents() -> Documents:
    return [BRANCH, LOAN, DESK, SHELF]


@pytest.fixture
def library(client: Client) -> Client:
    return client


def columns(board: dict[str, Any]) -> dict[str, list[str]]:
    return {c["value"]: [r["book"] for r in c["records"]] for c in board["columns"]}


def test_a_board_has_its_columns_in_order_without_those_its_condition_excludes(
    library: Client,
) -> None:
    north = library.made("branch", name="North")["id"]
    library.made("loan", book="Emma", due="2026-03-02", fee="1.50", branch=north)
    library.made("loan", book="Dune", due="2026-03-01", fee="2.00")
    library.made("loan", book="Kim", state="out")
    library.made("loan", book="Ulysses", state="back")

    board = library.get("/api/boards/desk").json()

    assert [c["value"] for c in board["columns"]] == ["asked", "out", "overdue"]
    assert columns(board) == {"asked": ["Dune", "Emma"], "out": ["Kim"], "overdue": []}
    asked = board["columns"][0]
    assert (asked["label"], asked["colour"], asked["count"]) == ("Asked", "blue", 2)
    assert asked["totals"] == {"count()": 2, "sum(fee)": "3.50"}
    assert board["columns"][1]["limit"] == 2
    lanes = {lane["label"]: lane for lane in board["lanes"]}
    assert lanes["North"]["count"] == 1
    assert lanes["No branch"]["value"] is None
    emma = asked["records"][1]
    assert (emma["lane"], emma["branch"], board["titles"][north]) == (north, north, "North")


def test_a_column_is_read_on_from_its_cursor(library: Client) -> None:
    for at in range(7):
        library.made("loan", book=f"Book {at}", due=f"2026-03-{at + 1:02d}")
    library.made("loan", book="Out", state="out")

    first = library.get("/api/boards/desk", limit="3").json()["columns"][0]
    seen = [r["book"] for r in first["records"]]
    while first["next"]:
        page = library.get("/api/boards/desk", limit="3", column="asked", cursor=first["next"])
        (first,) = page.json()["columns"]
        assert first["count"] == 7
        seen += [r["book"] for r in first["records"]]

    assert seen == [f"Book {at}" for at in range(7)]


def test_counts_end_at_a_cap_until_all_are_asked_for(
    library: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (plan, columns_of_boards, board_columns, board_reader):
        monkeypatch.setattr(module, "CAPPED", 3)
    north = library.made("branch", name="North")["id"]
    for at in range(5):
        library.made("loan", book=f"Book {at}", fee="1.00", branch=north)
    library.made("loan", book="Out", state="out", fee="2.50")

    board = library.get("/api/boards/desk").json()
    asked, out, _ = board["columns"]
    assert (asked["count"], asked["capped"]) == (3, True)
    assert asked["totals"] == {"count()": None, "sum(fee)": None}
    assert len(asked["records"]) == 5
    assert (out["count"], out["capped"], out["totals"]["sum(fee)"]) == (1, False, "2.50")
    lanes = {lane["label"]: (lane["count"], lane["capped"]) for lane in board["lanes"]}
    assert lanes == {"North": (3, True), "No branch": (1, False)}
    said = library.get("/boards/desk").text
    assert "4+ loans" in said and "/boards/desk?total=exact" in said

    (one,) = library.get("/api/boards/desk", column="out").json()["columns"]
    assert (one["count"], one["totals"]) == (1, {"count()": 1, "sum(fee)": "2.50"})
    library.define({**DESK, "name": "twice", "swimlanes": {"by": "state"}})
    twice = library.get("/api/boards/twice", column="out").json()
    assert {lane["value"]: lane["count"] for lane in twice["lanes"] if lane["count"]} == {"out": 1}

    exact = library.get("/api/boards/desk", total="exact").json()["columns"][0]
    assert (exact["count"], exact["capped"]) == (5, False)
    assert exact["totals"] == {"count()": 5, "sum(fee)": "5.00"}
    assert "total=exact" not in library.get("/boards/desk", total="exact").text
    assert library.get("/api/boards/desk", total="some").status == 400


def test_quick_filters_narrow_the_cards_and_the_counts(library: Client) -> None:
    library.made("loan", book="Emma", due="2026-03-02")
    library.made("loan", book="Dune", due="2027-03-01")

    board = library.get("/api/boards/desk", where="due < '2027-01-01'").json()

    assert columns(board)["asked"] == ["Emma"]
    assert board["columns"][0]["count"] == 1
    assert library.get("/api/boards/desk", where="nonsense").status == 400


def test_the_number_of_statements_does_not_grow(library: Client, engine: Engine) -> None:
    def statements() -> int:
        before = sum(connection.statements for connection in engine.database._all)
        assert library.get("/api/boards/desk").status == 200
        return sum(connection.statements for connection in engine.database._all) - before

    branches = [library.made("branch", name=f"Branch {at}")["id"] for at in range(5)]
    library.made("loan", book="First", branch=branches[0])
    statements()
    few = statements()
    for at in range(20):
        state = ["asked", "out", "overdue"][at % 3]
        library.made("loan", book=f"Book {at}", branch=branches[at % 5], state=state)
    assert statements() == few


def test_a_move_changes_the_record_and_answers_the_heads(library: Client) -> None:
    loan = library.made("loan", book="Emma")
    reply = library.post("/api/boards/desk/move", {"id": loan["id"], "column": "out"})
    assert reply.status == 200, reply.text
    assert reply.json()["record"]["state"] == "out"
    assert [c["count"] for c in reply.json()["columns"]] == [0, 1, 0]


def test_a_forbidden_move_says_why_and_keeps_nothing(library: Client) -> None:
    loan = library.made("loan", book="Emma", state="out")
    reply = library.post("/api/boards/desk/move", {"id": loan["id"], "column": "overdue"})
    assert reply.status == 422
    assert reply.json()["errors"][0]["message"] == "Say in Due when it was due."
    values = {"due": "2026-01-01"}
    body = {"id": loan["id"], "column": "overdue", "values": values}
    assert library.post("/api/boards/desk/move", body).status == 200
    reply = library.post("/api/boards/desk/move", {"id": loan["id"], "column": "nowhere"})
    assert reply.status == 422


def test_a_full_column_warns_or_blocks(library: Client) -> None:
    for book in ("Kim", "Dune"):
        library.made("loan", book=book, state="out")
    loan = library.made("loan", book="Emma")
    body = {"id": loan["id"], "column": "out"}
    library.define({**DESK, "columns": {**DESK["columns"], "on_limit": "block"}})

    refused = library.post("/api/boards/desk/move", body)
    assert refused.status == 409
    assert "Out can have at most 2 cards" in refused.json()["detail"]

    library.define(DESK)
    taken = library.post("/api/boards/desk/move", body).json()
    assert taken["warning"] == "Out can have at most 2 cards, and has 2."
    assert [c["over"] for c in taken["columns"]] == [0, 1, 0]


def test_cards_of_a_lane_by_look_up_and_by_person(library: Client) -> None:
    north = library.made("branch", name="North")["id"]
    loan = library.made("loan", book="Emma")
    body = {"id": loan["id"], "column": "asked", "lane": north}
    assert library.post("/api/boards/desk/move", body).json()["record"]["branch"] == north

    library.define({**DESK, "swimlanes": {"by": "clerk"}})
    me = library.get("/api/me").json()["id"]
    body = {"id": loan["id"], "column": "out", "lane": f"user:{me}"}
    moved = library.post("/api/boards/desk/move", body).json()["record"]
    assert moved["clerk"] == {"user": me}
    lanes = library.get("/api/boards/desk").json()["lanes"]
    assert [lane["value"] for lane in lanes] == [f"user:{me}"]


def test_columns_of_a_look_up(library: Client) -> None:
    board = {**SHELF, "name": "branches", "columns": {"by": "branch"}}
    library.define(board)
    south = library.made("branch", name="South")["id"]
    north = library.made("branch", name="North")["id"]
    loan = library.made("loan", book="Emma")

    shown = library.get("/api/boards/branches").json()["columns"]
    assert [c["label"] for c in shown] == ["North", "South", "No branch"]
    for column in (south, None, north):
        body = {"id": loan["id"], "column": column}
        moved = library.post("/api/boards/branches/move", body).json()
        assert moved["record"]["branch"] == column


def test_many_columns_of_a_look_up_are_those_used_last(
    library: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_values, "MAX_COLUMNS", 2)
    monkeypatch.setattr(board_values, "NEWEST", 2)
    monkeypatch.setattr(board_reader, "MAX_TARGETS", 1)
    columns = {"by": "branch"}
    library.define({**SHELF, "name": "branches", "columns": columns},
                   {**SHELF, "name": "lanes", "swimlanes": columns})  # fmt: skip
    east, north, south, west = (
        library.made("branch", name=name)["id"] for name in ("East", "North", "South", "West")
    )
    for branch, book in ((east, "Emma"), (west, "Emma"), (north, "Sanditon"), (south, "Emma")):
        library.made("loan", book=book, branch=branch)

    def shown(**asked: str) -> list[str]:
        board = library.get("/api/boards/branches", **asked).json()
        assert board["more_columns"] is ("column" not in asked)
        assert all(column["count"] == len(column["records"]) for column in board["columns"])
        return [column["label"] for column in board["columns"]]

    assert shown() == shown(total="exact") == ["North", "South"]
    assert shown(where="book == 'Emma'") == ["East", "South"]
    assert shown(column=west) == ["West"]
    assert "The 2 columns used last" in library.get("/boards/branches").text
    lanes = library.get("/api/boards/lanes").json()["lanes"]
    assert [(lane["label"], lane["count"]) for lane in lanes] == [
        (name, 1) for name in ("East", "North", "South", "West")
    ]
    assert library.get("/boards/lanes").status == 200


def test_columns_of_people_and_teams(library: Client) -> None:
    person = {"name": "helper", "kind": "person", "accepts": ["user"]}
    library.patch("/api/meta/object/loan", {"fields": [person]})
    people = {**SHELF, "name": "people", "columns": {"by": "clerk"}}
    dues = {**people, "name": "dues", "sort": ["-due"]}
    library.define(people, dues, {**SHELF, "name": "helpers", "columns": {"by": "helper"}})
    me, team = library.get("/api/me").json()["id"], library.made("team", name="Desk")["id"]
    for at, clerk in enumerate(({"user": me}, {"team": team}, {"user": me}, {"team": team}, None)):
        library.made("loan", book=f"Book {at}", clerk=clerk, helper=None, due=f"2024-01-0{at + 1}")
    library.made("loan", book="Book 5", helper={"user": me})

    def cards(name: str, **asked: str) -> dict[str | None, str]:
        board = library.get(f"/api/boards/{name}", **asked).json()
        return {
            column["value"]: f"{column['count']}: "
            + " ".join(card["book"][-1] for card in column["records"])
            for column in board["columns"]
        }

    user, desk = f"user:{me}", f"team:{team}"
    assert cards("people") == {user: "2: 0 2", desk: "2: 1 3", None: "2: 4 5"}
    assert cards("people", total="exact") == cards("people")
    assert cards("dues", limit="1") == {user: "2: 2", desk: "2: 3", None: "2: 4"}
    assert cards("helpers") == {user: "1: 5", None: "5: 0 1 2 3 4"}
    first = library.get("/api/boards/dues", limit="1").json()["columns"]
    following = next(column["next"] for column in first if column["value"] == desk)
    assert cards("dues", column=desk, cursor=following) == {desk: "2: 1"}


def test_cards_keep_the_order_that_people_give_them(library: Client) -> None:
    ids = {book: library.made("loan", book=book)["id"] for book in "ABCDE"}

    def move(book: str, before: str | None, column: str = "asked") -> None:
        target = ids[before] if before else None
        body = {"id": ids[book], "column": column, "before": target}
        reply = library.post("/api/boards/shelf/move", body)
        assert reply.status == 200, reply.text

    def order(column: str = "asked") -> str:
        return "".join(columns(library.get("/api/boards/shelf").json())[column])

    assert order() == "ABCDE"
    move("E", "A")
    assert order() == "EABCD"
    move("C", "A")
    assert order() == "ECABD"
    move("E", None)
    assert order() == "CABDE"
    ids["F"] = library.made("loan", book="F")["id"]
    assert order() == "CABDEF"
    for _ in range(20):
        move("B", "A")
        move("A", "B")
    assert order() == "CABDEF"
    move("D", None, "out")
    move("A", "D", "out")
    assert (order(), order("out")) == ("CBEF", "AD")
    refused = {"id": ids["B"], "column": "asked", "before": ids["D"]}
    assert library.post("/api/boards/shelf/move", refused).status == 422

    first = library.get("/api/boards/shelf", limit="2").json()["columns"][0]
    page = library.get("/api/boards/shelf", limit="2", column="asked", cursor=first["next"])
    assert columns(page.json())["asked"] == ["E", "F"]


def test_cards_of_teams_and_of_nobody_are_put_in_order(library: Client) -> None:
    library.define({**SHELF, "name": "people", "columns": {"by": "clerk"}})
    team = library.made("team", name="Desk")["id"]
    made = [library.made("loan", book=f"Book {at}")["id"] for at in range(4)]

    def put(book: int, column: str | None, before: int | None) -> None:
        place = None if before is None else made[before]
        body = {"id": made[book], "column": column, "before": place}
        assert library.post("/api/boards/people/move", body).status == 200

    def order() -> list[str]:
        shown = library.get("/api/boards/people").json()["columns"]
        return [" ".join(card["book"][-1] for card in column["records"]) for column in shown]

    put(3, None, 1)
    assert order() == ["0 3 1 2"]
    put(0, None, None)
    assert order() == ["3 1 2 0"]
    put(1, f"team:{team}", None)
    put(2, f"team:{team}", 1)
    put(0, f"team:{team}", 1)
    assert order() == ["2 0 1", "3"]


def test_boards_show_what_roles_allow(library: Client) -> None:
    role = {
        "kind": "role",
        "name": "clerk",
        "grants": [{"object": "loan", "can": ["read"], "where": "state == 'out'",
                    "fields": {"fee": "none"}}],
    }  # fmt: skip
    library.define(role)
    library.made("loan", book="Emma")
    loan = library.made("loan", book="Kim", state="out")
    clerk = library.person("clerk@example.com", "clerk")

    board = clerk.get("/api/boards/desk").json()
    assert columns(board) == {"asked": [], "out": ["Kim"], "overdue": []}
    assert board["columns"][0]["totals"] == {"count()": 0}
    assert clerk.post("/api/boards/desk/move", {"id": loan["id"], "column": "asked"}).status == 403
    library.define({**DESK, "audience": ["administrator"]})
    assert clerk.get("/api/boards/desk").status == 404
    assert [b["name"] for b in clerk.rows("/api/boards")] == ["shelf"]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"object": "lone"}, "/object"),
        ({"columns": {"by": "due"}}, "/columns/by"),
        ({"columns": {"by": "state", "limit": {"gone": 3}}}, "/columns/limit/gone"),
        ({"swimlanes": {"by": "book"}}, "/swimlanes/by"),
        ({"where": "price > 3"}, "/where"),
        ({"card": {"title": "nothing"}}, "/card/title"),
        ({"card": {"colour": "due"}}, "/card/colour"),
        ({"totals": ["median(fee)"]}, "/totals/0"),
        ({"totals": ["sum(nothing)"]}, "/totals/0"),
        ({"sort": ["nothing"]}, "/sort/0"),
        ({"audience": ["nobody"]}, "/audience/0"),
    ],
)
def test_faults_of_boards_name_their_place(
    library: Client, change: dict[str, Any], place: str
) -> None:
    reply = library.put("/api/meta/board/desk", {**DESK, **change})
    assert reply.status == 422, reply.text
    assert [e["pointer"] for e in reply.json()["errors"]] == [f"/board/desk{place}"]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"column": "out"}, "/id"),
        ({"id": "x"}, "/column"),
        ({"id": "x", "column": "out", "values": 3}, "/values"),
        ({"id": "x", "column": "out", "to": 3}, "/to"),
        ({"id": "x", "column": "out", "rev": True}, "/rev"),
    ],
)
def test_faults_of_moves_name_their_place(
    library: Client, body: dict[str, Any], place: str
) -> None:
    reply = library.post("/api/boards/desk/move", body)
    assert reply.status in (400, 422)
    assert reply.json()["errors"][0]["pointer"] == place
