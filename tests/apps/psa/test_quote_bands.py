"""What a quote says to the cent is what is charged: bands, discounts, and prices agreed by hand."""

from __future__ import annotations

from typing import Any

from fluvial.events.jobs import run_pending
from tests.apps.psa.books import NUMBERS, Books, gbp

Json = dict[str, Any]
BANDS = (("1", "10", "10"), ("11", "25", "8"), ("26", None, "6"))


def banded(books: Books, mode: str | None, price: str = "10.00") -> str:
    """A licence with three bands, or without any."""
    product = books.made(
        "product", code=f"B{next(NUMBERS)}", name="Licence", behaviour="recurring",
        price=gbp(price), cost=gbp("1.00"), band_mode=mode,
    )  # fmt: skip
    for first, last, amount in BANDS if mode else ():
        books.made("price_band", product=product, first=first, last=last, price=gbp(amount))
    return product


def work(books: Books) -> None:
    while run_pending(books.engine):
        pass


def test_a_quote_is_charged_to_the_cent_as_it_was_quoted(books: Books) -> None:
    quote = books.made("quote", name="Licences", account=books.account)
    wanted: tuple[tuple[str | None, str, Json, str, str | None], ...] = (
        ("look_up", "30", {}, "180.00", "30.00 cost less than 25"),
        ("fill_up", "30", {}, "250.00", None),
        ("look_up", "11", {}, "88.00", "11.00 cost less than 10"),
        ("look_up", "10", {}, "100.00", "11.00 would cost less"),
        ("look_up", "12", {}, "96.00", "12.00 cost less than 10"),
        ("look_up", "13", {}, "104.00", None),
        ("fill_up", "11", {}, "108.00", None),
        ("fill_up", "7", {"discount": "10"}, "63.00", None),
        ("fill_up", "30", {"price": gbp("5.00")}, "150.00", None),
        ("look_up", "30", {"price": gbp("5.00"), "discount": "50"}, "75.00", None),
        (None, "10", {"discount": "15"}, "8.42", None),
        (None, "3", {"discount": "33.33"}, "1.98", None),
    )
    for at, (mode, quantity, values, _, _) in enumerate(wanted, 1):
        product = banded(books, mode, "10.00" if mode else "0.99")
        books.made("quote_line", quote=quote, product=product, quantity=quantity, position=str(at),
                   starts="2026-06-01", **values)  # fmt: skip
    lines = books.client.rows(
        "/api/records/quote_line", where=f"quote == '{quote}'", sort="position", limit="50"
    )
    assert [(one["total"]["amount"], one["hint"]) for one in lines] == [
        (total, hint) for *_, total, hint in wanted
    ]
    read = books.read("quote", quote)
    assert "Licence: 11.00 would cost less" in read["hints"] and read["warnings"] is None
    books.client.patch(f"/api/records/quote/{quote}", {"signer": "Jane"})
    for action in ("ask_approval", "approve", "send_approved", "accept"):
        books.act("quote", quote, action)
    work(books)
    (order,) = books.client.rows("/api/records/sales_order", where=f"quote == '{quote}'")
    where = f"contract.account == '{books.account}'"
    ordered = books.client.rows("/api/records/contract_line", where=where, limit="50")
    books.lines = [one["id"] for one in ordered]
    books.run("2026-06-01")
    charged = sorted(float(one["amount"]["amount"]) for one in books.charges())
    assert charged == sorted(float(total) for *_, total, _ in wanted)
    assert order["net"] == read["net"]
