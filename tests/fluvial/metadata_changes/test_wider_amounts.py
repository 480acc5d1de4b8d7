"""A database of an earlier release, whose amounts in any currency had two decimals."""

from __future__ import annotations

from fluvial.database.object_tables import tables_of
from fluvial.kernel.settings import load
from fluvial.packages.installation import prepare
from fluvial.runtime.engine import Engine
from metamodel.storage import amounts
from tests.app import Client, environment

BILL = {
    "kind": "object", "name": "bill", "title": "{no}",
    "fields": [
        {"name": "no", "kind": "text"}, {"name": "total", "kind": "money"},
        {"name": "paid", "kind": "money", "currency": "EUR"},
        {"name": "open", "kind": "calculated", "result": "money", "formula": "total"},
    ],
}  # fmt: skip


def test_amounts_of_an_earlier_release_keep_their_value(
    client: Client, engine: Engine, engine_url: str, tmp_path: object
) -> None:
    client.define(BILL)
    total = {"amount": "12.50", "currency": "GBP"}
    bill = client.made("bill", no="B1", total=total, paid="7.25")
    connection = engine.database.connection()
    with connection.transaction():
        for column in tables_of(engine.catalogs.current(connection)).objects["bill"].columns:
            if getattr(column.type, "storage", None) is not amounts(4):
                continue
            if connection.dialect == "postgresql":
                change = f"ALTER TABLE bill ALTER COLUMN {column.name} TYPE NUMERIC(28, 2)"
            else:
                change = f"UPDATE bill SET {column.name} = {column.name} / 100"
            connection.script(change)
        connection.script("UPDATE fluvial_catalog SET decimals = NULL")
    for _ in range(2):  # the second start finds nothing to do
        prepare(load(environment(engine_url, tmp_path))).close()  # type: ignore[arg-type]
        assert client.get(f"/api/records/bill/{bill['id']}").json() == bill
    made = client.made("bill", no="B2", total={"amount": "1.234", "currency": "KWD"})
    assert made["total"] == made["open"] == {"amount": "1.234", "currency": "KWD"}
