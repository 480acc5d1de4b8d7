"""Webhooks are signed as Standard Webhooks says, with the secret that the environment holds."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluvial.services import outbound
from rules import webhooks
from rules.webhooks import CAUSE_HEADER, NoSecret, WebhookEndpoint, secret_of, signature

# The example of the specification (standardwebhooks.com).
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EXPECTED = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_example_of_the_specification() -> None:
    key = secret_of("KEY", {"KEY": SECRET})
    made = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == EXPECTED


@settings(deadline=None, max_examples=50)
@given(st.binary(min_size=1), st.binary(), st.integers(0, 2**40), st.text("abc.1", min_size=1))
def test_everything_that_is_sent_is_signed(
    secret: bytes, body: bytes, moment: int, message: str
) -> None:
    made = signature(secret, message, moment, body)
    assert made.startswith("v1,") and made == signature(secret, message, moment, body)
    others = {
        signature(secret + b"x", message, moment, body),
        signature(secret, message + "x", moment, body),
        signature(secret, message, moment + 1, body),
        signature(secret, message, moment, body + b"x"),
    }
    assert made not in others and len(others) == 4


@settings(deadline=None, max_examples=50)
@given(st.binary(min_size=1))
def test_secrets_are_read_from_base64_or_as_they_are(secret: bytes) -> None:
    text = base64.b64encode(secret).decode()
    assert secret_of("KEY", {"KEY": f"whsec_{text}"}) == secret
    assert secret_of("KEY", {"KEY": text}) == text.encode()


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({}, "The environment variable KEY is not set; it holds the secret."),
        ({"KEY": ""}, "The environment variable KEY is not set"),
        ({"KEY": "whsec_no base64"}, "KEY is not valid base64 after whsec_."),
        ({"KEY": "whsec_YQ"}, "KEY is not valid base64 after whsec_."),
        ({"KEY": "whsec_é"}, "KEY is not valid base64 after whsec_."),
        ({"KEY": "whsec_"}, "KEY is empty after whsec_."),
    ],
)
def test_a_secret_that_is_not_to_be_had(environ: dict[str, str], words: str) -> None:
    with pytest.raises(NoSecret) as refused:
        secret_of("KEY", environ)
    assert words in str(refused.value)


def test_headers_of_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, str]] = []

    def call(method: str, url: str, body: bytes, headers: dict[str, str], **_: object) -> None:
        sent.append(headers)

    monkeypatch.setattr(outbound, "call", call)
    for secret in (b"x", b""):
        endpoint = WebhookEndpoint("erp", "https://example.com", secret)
        webhooks.post(endpoint, "m1", 7, b"{}", "cause", ())
    assert sent[0]["webhook-signature"] == signature(b"x", "m1", 7, b"{}")
    assert (sent[0]["webhook-id"], sent[0]["webhook-timestamp"]) == ("m1", "7")
    assert sent[0][CAUSE_HEADER] == "cause"
    assert "webhook-signature" not in sent[1]
