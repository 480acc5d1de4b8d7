"""A chain of causes comes back as it was signed, and as an empty one where anybody touched it."""

from __future__ import annotations

import base64

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from fluvial.kernel.causes import Cause, Causes

CAUSES = Causes("secret")
CHAINS = st.builds(
    lambda links: Cause(tuple(links)), st.lists(st.tuples(st.text(), st.text()), max_size=4)
)


@settings(deadline=None, max_examples=60)
@given(CHAINS)
def test_a_signed_chain_comes_back(cause: Cause) -> None:
    header = CAUSES.write(cause)
    assert header.isascii() and header.isprintable() and " " not in header
    assert CAUSES.read(header) == cause
    assert Cause.read(cause.wire()) == cause
    assert cause.depth == len(cause.chain)


@settings(deadline=None, max_examples=60)
@given(CHAINS, st.text(min_size=1))
def test_another_installation_does_not_believe_it(cause: Cause, secret: str) -> None:
    assert Causes(f"secret{secret}").read(CAUSES.write(cause)) == Cause()


@settings(deadline=None, max_examples=60)
@given(st.text())
def test_anything_else_is_an_empty_chain(header: str) -> None:
    assert CAUSES.read(header) == Cause()


@settings(deadline=None, max_examples=60)
@given(CHAINS, CHAINS)
def test_a_signature_is_of_one_chain(cause: Cause, other: Cause) -> None:
    payload, _, signature = CAUSES.write(cause).partition(".")
    chain = base64.urlsafe_b64encode(orjson.dumps(other.wire() or [])).decode().rstrip("=")
    assert CAUSES.read(f"{chain}.{signature}") == (other if other == cause else Cause())
    assert CAUSES.read(payload) == CAUSES.read(f"{payload}.") == Cause()


def test_nothing_caused_is_empty_on_the_wire() -> None:
    assert Cause().wire() is None
    assert Cause.read(None) == Cause.read([]) == Cause()
    assert Cause.read([["rule", "id"]]).wire() == [["rule", "id"]]
