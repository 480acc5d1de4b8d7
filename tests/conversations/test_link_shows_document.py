"""A link shows a printed document of its record, and only while it is open."""

import pytest

from tests.app import Client, Documents
from tests.conversations.offers import ACCEPTING, OFFERS, link, offer, press, read

PRINT = {
    "kind": "template",
    "name": "offer_print",
    "for": "offer",
    "channel": "document",
    "file": "{number}.pdf",
    "body": "<h1>Offer {{ offer.number }}</h1><p>{{ offer.price }} for {{ offer.buyer.name }}</p>",
}
MAIL = {"kind": "template", "name": "mail", "for": "offer", "subject": "x", "body": "y"}
OTHER = {**PRINT, "name": "other", "for": "buyer", "file": "{name}.pdf", "body": "x"}
SHOWING = {**ACCEPTING, "shows": "offer_print"}


@pytest.fixture
def documents() -> Documents:
    shown = [SHOWING if one is ACCEPTING else one for one in OFFERS]
    return [PRINT, MAIL, OTHER, *shown]


def test_it_is_shown_in_a_frame_that_runs_nothing(client: Client, anybody: Client) -> None:
    record = offer(client)
    path = link(client, record)
    page = anybody.get(path)
    assert f'src="{path}/document"' in page.text and f"{path}/document.pdf" in page.text
    assert "links.css" in page.text and "OF-001" not in page.text
    shown = anybody.get(f"{path}/document")
    assert shown.status == 200 and "Offer OF-001" in shown.text and "Ada Byron" in shown.text
    assert "secret margin" not in shown.text
    policy = shown.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert shown.headers["referrer-policy"] == "no-referrer"
    for wrong in ("/l/nothing/document", f"{path}x/document", "/l/nothing/document.pdf"):
        assert anybody.get(wrong).status == 404
    other = link(client, record, "decline_offer")
    assert anybody.get(f"{other}/document").status == 404  # it shows fields
    done = press(anybody, path, delivery="2031-05-06", signer="Ada")
    assert done.status == 200 and read(client, record)["state"] == "accepted"
    for name in ("document", "document.pdf"):
        late = anybody.get(f"{path}/{name}")
        assert late.status == 404 and "OF-001" not in late.text


def test_only_a_printed_document_of_the_same_object_is_shown(client: Client) -> None:
    for name, words in (
        ("nothing", "no template `nothing`"),
        ("mail", "is not a printed document"),
        ("other", "is not for Offer"),
    ):
        reply = client.put("/api/meta/link/accept_offer", {**SHOWING, "shows": name})
        assert reply.status == 422 and words in reply.text, reply.text
    assert client.delete("/api/meta/template/offer_print").status == 422
    assert client.put("/api/meta/link/accept_offer", ACCEPTING).status == 200


def test_the_pdf_is_made_beside_other_work(client: Client, anybody: Client) -> None:
    path = link(client, offer(client))
    reply = anybody.get(f"{path}/document.pdf")
    if reply.status == 503:
        pytest.skip("pango is not installed")
    assert reply.headers["content-type"] == "application/pdf" and reply.body.startswith(b"%PDF")
    assert "OF-001.pdf" in reply.headers["content-disposition"]
