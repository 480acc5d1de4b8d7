"""The sample data of the app come in whole: a start with `--sample` ends with a product in use."""

from __future__ import annotations

import pytest

from fluvial.packages import sample
from tests.app import Client


@pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
def test_the_sample_is_loaded_once(client: Client) -> None:
    engine = client.app.engine
    assert engine.database.call(lambda: sample.load_once(engine, "psa"))
    assert not engine.database.call(lambda: sample.load_once(engine, "psa"))
    total = client.get("/api/records/ticket", total="exact", limit="1").json()["total"]
    assert total > 100
    sites = client.rows("/api/records/site", where="travel == hours(1)", limit="1")
    assert len(sites) == 1  # lengths without a unit are seconds
