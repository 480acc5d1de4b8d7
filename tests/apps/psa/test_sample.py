"""The sample data of the app come in whole: a start with `--sample` ends with a product in use."""

from __future__ import annotations

import re
from functools import partial

import pytest

from fluvial.auth.passwords import SAMPLE
from fluvial.http.app import build_app
from fluvial.packages import sample, sample_people
from fluvial.packages.registry import all_shipped
from tests.app import Client, OpenEngine

AMARA = {"email": "amara@tidewell.example", "password": SAMPLE}
OTHERS_REACH_IT = (
    {"env": "production"},
    {"host": "0.0.0.0"},
    {"base_url": "https://psa.example.com"},
    {"base_url": "http://10.1.2.3:8000"},
    {"host": "::", "base_url": "http://localhost:8000"},
)


@pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
def test_what_came_without_a_folder_has_no_sample(client: Client) -> None:
    """A start with `--sample` looks at every package, also at one that a feature brought."""
    engine = client.app.engine
    came = {one["name"] for one in client.rows("/api/packages")} - all_shipped()
    assert "processes" in came
    for name in came:
        assert not engine.database.call(partial(sample.load_once, engine, name))
        assert engine.database.call(partial(sample_people.admit, engine, name)) == 0


@pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
def test_the_sample_is_loaded_once_and_its_people_get_in_here_only(
    client: Client, open_engine: OpenEngine
) -> None:
    engine = client.app.engine
    assert engine.database.call(lambda: sample.load_once(engine, "psa"))
    assert not engine.database.call(lambda: sample.load_once(engine, "psa"))
    total = client.get("/api/records/ticket", total="exact", limit="1").json()["total"]
    assert total > 100
    sites = client.rows("/api/records/site", where="travel == hours(1)", limit="1")
    assert len(sites) == 1  # lengths without a unit are seconds

    nobody = Client(client.app)
    assert nobody.post("/api/login", AMARA).status == 401  # not before they are admitted
    assert engine.database.call(lambda: sample_people.admit(engine, "psa")) > 10
    assert engine.database.call(lambda: sample_people.admit(engine, "psa")) == 0
    form = nobody.get("/signin").text
    assert SAMPLE in form and "Service manager" in form and "Customer contact" in form
    assert nobody.post("/api/login", AMARA).status == 200
    own = client.signed_in(AMARA["email"], SAMPLE)
    assert own.get("/api/me").json()["name"] == "Amara Osei"

    for settings in OTHERS_REACH_IT:
        other = open_engine(**settings)
        assert other.database.call(partial(sample_people.admit, other, "psa")) == 0
        stranger = Client(build_app(other))
        assert stranger.post("/api/login", AMARA).status == 401, settings
        shown = stranger.get("/signin").text
        assert SAMPLE not in shown and not re.search("tidewell", shown), settings


def test_nobody_chooses_the_password_of_the_sample(client: Client) -> None:
    body = {"email": "new@example.com", "name": "New", "roles": [], "password": SAMPLE}
    refused = client.post("/api/records/user", body)
    assert refused.status == 422 and "documentation" in refused.text
