"""The example of the guide works as it says."""

from pathlib import Path

import pytest
import yaml

from tests.app import Documents
from tests.conversations.desk import Desk, Json, mail

PAGE = Path(__file__).parents[2] / "docs" / "conversations.md"


def example() -> list[Json]:
    block = PAGE.read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0]
    return [*yaml.safe_load_all(block)]


@pytest.fixture
def documents() -> Documents:
    return example()


def test_the_example_takes_a_mail_and_its_answer(desk: Desk) -> None:
    desk.client.made("visitor", name="Ann", email="ann@example.org")
    reply = desk.send(mail("Where is Emma?", message_id="<1@e.org>"), "front_desk")
    assert reply.json()["outcome"] == "created", reply.text
    record = reply.json()["record"]
    desk.client.post(f"/api/records/enquiry/{record}/actions/close")
    number = desk.enquiry(record)["number"]
    again = mail("Still?", message_id="<2@e.org>", subject=f"Re: [{number}] A question")
    assert desk.send(again, "front_desk").json()["record"] == record
    assert desk.enquiry(record)["status"] == "open"


def test_faults_name_their_place_and_the_remedy(desk: Desk) -> None:
    enquiry, visitor, role, box = example()
    talk = enquiry["conversation"]
    silent = {name: value for name, value in enquiry.items() if name != "conversation"}
    for documents, place in (
        ([{**enquiry, "conversation": {**talk, "number": "subject"}}], "/conversation/number"),
        ([{**enquiry, "conversation": {**talk, "participants": ["status"]}}],
         "/conversation/participants/0"),
        ([{**enquiry, "conversation": {**talk, "participants": ["nobody"]}}],
         "/conversation/participants/0"),
        ([{**enquiry, "conversation": {**talk, "public_to": ["nobody"]}}],
         "/conversation/public_to/0"),
        ([{**enquiry, "conversation": {**talk, "on_reply": {"transition": "open"}}}],
         "/conversation/on_reply/transition"),
        ([silent], "/object"),
        ([{**box, "map": {"subject": "mail.topic"}}], "/map/subject"),
        ([{**box, "map": {"number": "mail.subject"}}], "/map/number"),
        ([{**box, "map": {"visitor": {"find": "age", "value": "mail.from"}}}], "/map/visitor/find"),
        ([{**box, "map": {"subject": "mail.files"}}], "/map/subject"),
        ([{**box, "map": {"subject": "mail.sent"}}], "/map/subject"),
        ([{**box, "address": "desk"}], "/address"),
        ([{**box, "name": "second"}], "/address"),
    ):  # fmt: skip
        reply = desk.client.post("/api/meta/changes", {"documents": documents})
        assert reply.status == 422, (place, reply.text)
        places = [one["pointer"] for one in reply.json()["errors"]]
        assert any(one.endswith(place) for one in places), reply.text
        assert all(one["message"] for one in reply.json()["errors"])


def test_what_a_conversation_names_is_a_use_of_it(desk: Desk) -> None:
    for object_name, field in (("enquiry", "visitor"), ("visitor", "email"), ("enquiry", "number")):
        uses = desk.client.get(f"/api/meta/object/{object_name}/uses", field=field)
        assert "object/enquiry#/conversation/" in uses.text, uses.text
    enquiry = example()[0]
    fields = [one for one in enquiry["fields"] if one["name"] not in ("watchers", "number")]
    left = {**enquiry, "fields": fields, "title": "{subject}"}
    reply = desk.client.post("/api/meta/changes?force=true", {"documents": [left]})
    assert reply.status == 200, reply.text
    talk = desk.client.get("/api/meta/object/enquiry").json()["conversation"]
    assert talk["participants"] == ["visitor"] and "number" not in talk
