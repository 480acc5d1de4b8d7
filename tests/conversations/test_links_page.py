"""The example of docs/links.md is sound, and does what the page says."""

import re
from pathlib import Path

import pytest
import yaml

from fluvial.http.app import build_app
from tests.app import Client, Documents, OpenEngine, Prepared
from tests.conversations.offers import press, work
from tests.mailbox import Mailbox

PAGE = Path(__file__).parents[2] / "docs" / "links.md"
BLOCK = re.compile(r"```yaml\n# [a-z_/]+\.yaml\n(.*?)```", re.DOTALL)


@pytest.fixture
def documents() -> Documents:
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    return [yaml.safe_load(re.sub(r"^on:", "'on':", text, flags=re.M)) for text in blocks]


def test_a_quote_is_mailed_seen_and_accepted(
    open_engine: OpenEngine, smtp: Mailbox, engine_url: str, prepared: Prepared
) -> None:
    engine = open_engine(smtp_url=smtp.url)
    client = Client(build_app(engine), prepared.headers(engine_url))
    quote = client.made(
        "quote", email="ada@example.org", work="Two doors",
        price={"amount": "640.00", "currency": "EUR"}, cost={"amount": "99.00", "currency": "EUR"},
    )  # fmt: skip
    sent = client.post(f"/api/records/quote/{quote['id']}/actions/send", {})
    assert sent.status == 200, sent.text
    work(engine)
    (mail,) = smtp.wait(1)
    body = mail.message.get_body(("html",))
    assert body is not None
    accept, decline = re.findall(r'href="http[^"]+(/l/[^"]+)"', body.get_content())
    outside = Client(client.app)
    page = outside.get(accept)
    for shown in ("Our quote for you", "Hill Workshop", "Two doors", "640.00", "I accept"):
        assert shown in page.text, shown
    assert "99.00" not in page.text
    assert "Reason is required." in press(outside, decline).text
    done = press(outside, accept, signer="Ada Byron", order_number="7")
    assert "We begin next week." in done.text
    found = client.get(f"/api/records/quote/{quote['id']}").json()
    assert (found["state"], found["signer"]) == ("accepted", "Ada Byron")
    assert "done already" in press(outside, accept, signer="Eve").text
    assert press(outside, decline, reason="x").status == 409
    made = client.post(
        f"/api/records/quote/{quote['id']}/links", {"link": "accept_quote", "to": "Ada"}
    )
    closed = outside.get(re.sub(r"^https?://[^/]+", "", made.json()["href"]))
    assert closed.status == 409 and "Ring us on 01 234." in closed.text
