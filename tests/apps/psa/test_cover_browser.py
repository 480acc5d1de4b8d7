"""A customer takes a printer off contract: agreed, seen by the desk, invoiced, budgeted, undone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app import PASSWORD, Prepared
from tests.browser import signed_in
from tests.fluvial.processes import served
from tests.waiting import until as wait_until

Json = dict[str, Any]
ROLES = {"Helen": "finance", "Mark": "account_manager", "Tom": "service_manager"}


@pytest.fixture(scope="module")
def installed(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Set up before there is a browser, whose event loop lets no other one run."""
    prepared.copy(None, tmp_path_factory.mktemp("psa"), ("psa",))


class Firm:
    """Ten printers of a customer under contract, all days long past, and the people about it."""

    def __init__(self, api: httpx.Client) -> None:
        self.api = api
        tax = self.made("tax_code", code="STD", name="Standard", rate="0")
        entity = self.made("legal_entity", name="Tidewell", currency="GBP", tax_code=tax)
        account = self.made("account", name="Harrow", entity=entity, currency="GBP")
        self.made("contact", name="Jane Mercer", account=account)
        product = self.made("product", code="GOLD", name="Gold", behaviour="per_asset")
        self.contract = self.made(
            "contract", name="Support", account=account, starts="2025-06-01", cover_at="opened"
        )
        self.act("contract", self.contract, "activate")
        line = self.made(
            "contract_line", contract=self.contract, product=product, description="Gold",
            starts="2025-06-01", budget_hours="1.5", price={"amount": "50", "currency": "GBP"},
        )  # fmt: skip
        self.assets = [
            self.made("asset", name=f"Printer {at}.", account=account) for at in range(1, 11)
        ]
        for asset in self.assets:
            self.made(
                "coverage", asset=asset, contract_line=line, starts="2025-06-01", level="gold"
            )
        self.project = self.made(
            "project", name="Care", account=account, contract=self.contract, billing="cover"
        )
        self.entity = entity
        for name, role in ROLES.items():
            self.made(
                "user", email=f"{name.lower()}@example.com", name=name, roles=[role],
                password=PASSWORD,
            )  # fmt: skip

    def made(self, name: str, /, **values: Any) -> str:
        reply = self.api.post(f"/records/{name}", json=values)
        assert reply.status_code == 201, reply.text
        return str(reply.json()["id"])

    def act(self, name: str, id: str, action: str, **values: Any) -> None:
        reply = self.api.post(f"/records/{name}/{id}/actions/{action}", json=values)
        assert reply.is_success, reply.text

    def rows(self, name: str, **query: str) -> list[Json]:
        found: list[Json] = self.api.get(f"/records/{name}", params=query).json()["data"]
        return found

    def billed(self, day: str) -> str:
        """The issued invoice of what is due until a day."""
        self.api.post("/ledgers/recurring/runs", json={"until": day}).raise_for_status()
        run = self.made("billing_run", entity=self.entity, as_at=day)
        for action in ("review", "release", "billing_run_invoices", "billing_run_issue"):
            self.act("billing_run", run, action)
        query = {"where": f"run == '{run}' and number != null"}
        wait_until(lambda: len(self.rows("invoice", **query)) == 1)
        return str(self.rows("invoice", **query)[0]["id"])

    def budget(self, day: str) -> str:
        reply = self.api.get(f"/records/project/{self.project}", params={"as_of": day})
        return str(reply.json()["month_budget"])


def press(page: Page, name: str) -> None:
    page.get_by_label("More for this page").click()
    page.get_by_role("button", name=name, exact=True).click()


def taken_off(page: Page, firm: Firm) -> str:
    """Finance ticks the seventh printer on the contract and says who asked; the amendment."""
    page.goto(f"/o/contract/{firm.contract}")
    press(page, "Take assets off cover")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Printer 7.").check()
    dialog.get_by_label("Last covered day").fill("2025-06-15")
    dialog.get_by_label("Asked by").select_option(label="Jane Mercer")
    dialog.get_by_role("button", name="Take assets off cover").click()
    wait_until(lambda: len(firm.rows("amendment")) == 1)
    return str(firm.rows("amendment")[0]["id"])


def test_a_printer_is_taken_off_contract_and_back(
    installed: None, prepared: Prepared, browser: Browser, tmp_path: Path
) -> None:
    address = prepared.copy(None, tmp_path, ("psa",))
    with served(tmp_path, address) as product, ExitStack() as started:
        base, headers = f"{product.url}/api", prepared.headers(address)
        firm = Firm(started.enter_context(httpx.Client(base_url=base, headers=headers)))

        def person(name: str) -> Page:
            body = {"email": f"{name.lower()}@example.com", "password": PASSWORD}
            reply = httpx.post(f"{base}/login", json=body)
            cookie = {"cookie": reply.headers["set-cookie"].partition(";")[0]}
            return started.enter_context(signed_in(browser, product.url, cookie))

        tell(firm, person)


def tell(firm: Firm, person: Callable[[str], Page]) -> None:
    june = firm.billed("2025-06-01")
    helen, mark, tom = person("Helen"), person("Mark"), person("Tom")
    helen.goto(f"/o/invoice/{june}")
    expect(helen.locator("main")).to_contain_text("£500.00")
    id = taken_off(helen, firm)
    helen.goto(f"/change-sets/{id}/preview")
    expect(helen.get_by_role("row", name="Budget hours a month")).to_contain_text("-1.5")
    expect(helen.locator("main")).to_contain_text("Printer 7.")
    helen.goto(f"/o/amendment/{id}")
    helen.get_by_role("button", name="Hand in for approval").click()
    helen.get_by_role("dialog").get_by_role("button", name="Hand in for approval").click()
    wait_until(lambda: firm.rows("amendment")[0]["status"] == "in_approval")
    mark.goto(f"/o/amendment/{id}")
    mark.get_by_role("button", name="Approve", exact=True).click()
    mark.get_by_role("dialog").get_by_role("button", name="Approve").click()
    wait_until(lambda: firm.rows("amendment")[0]["status"] == "effective")

    # The help desk is told at once, on the asset and on a ticket.
    said = "Not covered since 2025-06-16, amendment AM-0001, asked by Jane Mercer"
    tom.goto(f"/o/asset/{firm.assets[6]}")
    expect(tom.locator("main")).to_contain_text(said)
    account = firm.rows("account", where="name == 'Harrow'")[0]["id"]
    ticket = firm.made(
        "ticket", subject="It jams", account=account, asset=firm.assets[6],
        opened="2025-06-16T08:00:00Z",
    )  # fmt: skip
    tom.goto(f"/o/ticket/{ticket}")
    expect(tom.locator("main")).to_contain_text(said)

    # July is invoiced without it, and half of June is given back; the budget follows by itself.
    july = firm.billed("2025-07-01")
    helen.goto(f"/o/invoice/{july}")
    expect(helen.locator("main")).to_contain_text("£425.00")
    assert [firm.budget(day) for day in ("2025-06-20", "2025-07-20")] == ["14.25", "13.50"]

    # It was a mistake: the amendment is taken back as a whole, and the next invoice charges it.
    mark.goto(f"/o/amendment/{id}")
    mark.get_by_role("button", name="Reverse", exact=True).click()
    dialog = mark.get_by_role("dialog")
    dialog.get_by_label("Why it was reversed").fill("It was another printer")
    dialog.get_by_role("button", name="Reverse").click()
    wait_until(lambda: firm.rows("amendment")[0]["status"] == "reversed")
    tom.goto(f"/o/asset/{firm.assets[6]}")
    expect(tom.locator("main")).not_to_contain_text("Not covered since")
    august = firm.billed("2025-08-01")
    helen.goto(f"/o/invoice/{august}")
    expect(helen.locator("main")).to_contain_text("£575.00")
    assert firm.budget("2025-07-20") == "15.00"
