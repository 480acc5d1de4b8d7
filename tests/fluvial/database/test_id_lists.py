"""Lists of ids: one text of a statement for any number of them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.connection import Connection
from fluvial.database.id_lists import among_ids, id_list, listed_ids
from fluvial.database.statement import Compiled
from fluvial.kernel.ids import new_id
from metamodel.storage import POSTGRESQL, SQLITE, UUID
from tests.fluvial.database.connections import created

THING = sa.Table("thing", sa.MetaData(), sa.Column("id", Stored(UUID), primary_key=True))


@pytest.mark.parametrize("count", [0, 1, 2, 2_000])
def test_every_id_of_a_list_arrives(connection: Connection, count: int) -> None:
    ids, dialect = [new_id() for _ in range(count)], connection.dialect
    compiled = Compiled(listed_ids(dialect), dialect)
    rows = connection.query(compiled.sql, compiled.binds({"ids": id_list(dialect, ids)}))
    assert [row[0] for row in rows] == ids


def test_records_among_them_are_found_and_no_others(connection: Connection) -> None:
    dialect = connection.dialect
    created(connection, THING)
    ids = [new_id() for _ in range(5)]
    insert = Compiled(THING.insert().values(id=sa.bindparam("id", type_=THING.c.id.type)), dialect)
    for one in ids:
        connection.execute(insert.sql, insert.binds({"id": one}))
    among = sa.select(THING.c.id).where(among_ids(THING.c.id, dialect, "wanted"))
    compiled = Compiled(among.order_by(THING.c.id), dialect)
    for wanted in (ids[1:3], ids, [], [new_id()], [ids[0], ids[0]]):
        listed = compiled.binds({"wanted": id_list(dialect, wanted)})
        found = [row[0] for row in connection.query(compiled.sql, listed)]
        assert found == sorted(set(wanted) & set(ids))


def test_how_a_list_is_written() -> None:
    assert (id_list(SQLITE, []), id_list(POSTGRESQL, [])) == ("[]", "{}")
    assert id_list(SQLITE, ["a", "b"]) == '["a","b"]'
    assert id_list(POSTGRESQL, iter(["a", "b"])) == "{a,b}"
