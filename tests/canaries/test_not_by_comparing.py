"""What a person may not read is not told by order, filter, group, count or sum either.

Values that a reader may not see change places, and records that they may not see vanish; every
answer to them has to stay as it is. An answer that changes although nothing of theirs has changed
tells something, whatever its words are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pytest

from fluvial.http.app import build_app
from fluvial.http.routes import ENDPOINT
from tests.app import EMAIL, PASSWORD, Client, Documents, OpenEngine
from tests.canaries.aviary import Aviary
from tests.canaries.people import READERS, Reader
from tests.canaries.realm import DOCUMENTS
from tests.canaries.walks import Request, Walk

FOLDED = ("secret", "title")
SECRETS = ("secret", "margin", "ends", "grade", "plan", "title")


@dataclass(frozen=True)
class Unseen:
    """What of the realm a reader does not see: columns whose values two records can exchange, and
    records that can vanish."""

    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    records: tuple[str, ...] = ()  # object types, of which those of the south vanish


UNSEEN = {
    "clerk": Unseen(
        {"contract": SECRETS, "item": ("cost", "title"), "vault": ("name", "content")},
        ("house", "vault", "visit"),
    ),
    "partner": Unseen(
        {"house": ("code",), "vault": ("name",)}, ("contract", "item", "vault", "visit")
    ),
    "owner": Unseen(
        {"contract": SECRETS, "house": ("name", "code"), "item": ("name",)},
        ("contract", "house", "vault", "item"),
    ),
    "stranger": Unseen({}, ("contract", "house", "item")),
}
PLACES = (
    "/api/records/{object}", "/api/boards", "/api/pins", "/api/reports", "/o/{object}", "/boards/",
    "/search", "/lookup/", "/api/segments", "/api/recalculations",
)  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return DOCUMENTS


@pytest.fixture
def aviary(open_engine: OpenEngine) -> Aviary:
    return Aviary(Client(build_app(open_engine())).signed_in(EMAIL, PASSWORD))


def requests(aviary: Aviary, reader: Reader) -> Iterator[Request]:
    walk = Walk(aviary, reader)
    for endpoint in aviary.admin.app.engine.brought(ENDPOINT):
        data = endpoint.path == "/" or endpoint.path.startswith(PLACES)
        if endpoint.method == "GET" and data:
            yield from (one for one in walk.requests(endpoint) if "xlsx" not in one.query)


def answers(aviary: Aviary, reader: Reader, asked: Iterable[Request]) -> list[tuple[int, bytes]]:
    client = aviary.clients[reader.name]
    found = []
    for one in asked:
        reply = client.call("GET", f"{one.path}?{one.query}")
        found.append((reply.status, reply.body))
    return found


def exchange(aviary: Aviary, unseen: Unseen) -> None:
    """Let the two records of each object exchange their values: doing it twice undoes it."""
    connection = aviary.admin.app.engine.database.connection()
    for name, fields in unseen.columns.items():
        columns = [*fields, *(f"{one}__fold" for one in fields if one in (*FOLDED, "name", "code"))]
        ids = [aviary.id_of(name, key) for key in ("north", "south")]
        listed = ", ".join(f'"{one}"' for one in columns)
        rows = [
            connection.query(f"SELECT {listed} FROM \"{name}\" WHERE id = '{one}'")[0]
            for one in ids
        ]
        if name == "house":  # a code is there once
            connection.script(f"UPDATE house SET code = 'x' WHERE id = '{ids[0]}'")
        for record, row in zip(reversed(ids), rows, strict=True):
            for column, value in zip(columns, row, strict=True):
                written = "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"
                connection.script(
                    f'UPDATE "{name}" SET "{column}" = {written} WHERE id = \'{record}\''
                )


def vanish(aviary: Aviary, unseen: Unseen, *, back: bool = False) -> None:
    connection = aviary.admin.app.engine.database.connection()
    for name in unseen.records:
        moment = "NULL" if back else "created_at"
        record = aviary.id_of(name, "south")
        connection.script(f"UPDATE \"{name}\" SET deleted_at = {moment} WHERE id = '{record}'")


# PostgreSQL is asked for those whose grants have conditions and hide fields.
@pytest.mark.parametrize(
    ("engine_url", "name"),
    [*(("sqlite", name) for name in UNSEEN), ("postgresql", "clerk"), ("postgresql", "partner")],
    indirect=["engine_url"],
)
def test_answers_stay_as_they_are_when_only_what_is_unseen_changes(
    aviary: Aviary, name: str
) -> None:
    reader, unseen = next(r for r in READERS if r.name == name), UNSEEN[name]
    asked = list(requests(aviary, reader))
    before = answers(aviary, reader, asked)
    exchange(aviary, unseen)
    vanish(aviary, unseen)
    after = answers(aviary, reader, asked)
    exchange(aviary, unseen)
    vanish(aviary, unseen, back=True)
    moved = [at for at, (one, other) in enumerate(zip(before, after, strict=True)) if one != other]
    # Some answers differ each time, such as by a token.
    again = answers(aviary, reader, [asked[at] for at in moved])
    told = [at for at, one in zip(moved, again, strict=True) if one == before[at]]
    home = [status for one, (status, _) in zip(asked, before, strict=True) if one.path == "/"]
    assert set(home) == {200}
    assert sum(status == 200 for status, _ in before) > 30 or name == "stranger"
    assert not told, "\n".join(
        f"{asked[at].path}?{asked[at].query}\n  {before[at][0]} {before[at][1][:600]!r}"
        f"\n  {after[at][0]} {after[at][1][:600]!r}"
        for at in told
    )
