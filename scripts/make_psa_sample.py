"""Makes the sample data of the professional-services app: `python -m scripts.make_psa_sample`.

The same bytes on each run. The words are in psa_sample/words.toml.
"""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path

from scripts.psa_sample.cover import make_assets, make_contracts, make_coverages, make_lines
from scripts.psa_sample.delivery import make_delivery
from scripts.psa_sample.desk import make_opportunities, make_tickets, make_updates
from scripts.psa_sample.parties import (
    GROUPS,
    TEAMS,
    choose_formats,
    make_accounts,
    make_contacts,
    make_sites,
    staff_rows,
)
from scripts.psa_sample.past import Pasts
from scripts.psa_sample.value_months import make_value_months
from scripts.psa_sample.world import Row, World

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "apps" / "psa" / "sample"

COLUMNS = {
    "group": "name",
    "team": "name",
    "currency": "code name",
    "tax_code": "code name rate country reverse_charge note",
    "legal_entity": "code name currency head.code calendar terms tax_code.code tax_rounding tax_id"
    " registration email phone street town postcode country bank",
    "exchange_rate": "entity.code unit.code rate",
    "user": "email name roles groups.name teams.name active",
    "account": "code name types status group.name manager.email domain phone street town region"
    " postcode country terms entity.code currency tax_code.code language invoice_format since past",
    "site": "name account.code street town postcode country travel",
    "contact": "name account.code job email phone duties active",
    "portal_user": "email name roles contact.email active",
    "asset_type": "name needs_serial life_years",
    "asset": "tag name serial account.code site.name type.name installed warranty_to status price"
    " risk",
    "product": "code name behaviour level currency price cost unit period minimum billing"
    " revenue_rule budget_hours tax_code.code revenue_account cost_account active",
    "contract": "number name account.code starts ends renews notice_days cover_at status"
    " order_reference past",
    "contract_line": "number contract.number product.code description quantity price starts ends"
    " charged_from",
    "coverage": "asset.tag contract_line.number starts ends level reason"
    " requested_by.email requested",
    "contract_month": "contract.number month currency amount before movement",
    "ticket": "number subject body account.code contact.email site.name asset.tag category impact"
    " priority queue.code type.code source assignee.email opened due estimate resolution past",
    "ticket_update": "ticket.number at step state by note",
    "queue": "code name work team.name manager.email email",
    "ticket_type": "code name nature queue.code estimate needs_contact needs_asset needs_category"
    " needs_closing_code survey",
    "service_level": "name code calendar",
    "service_target": "name service_level.code level priority calendar respond reply resolve",
    "closing_code": "code name types.code",
    "canned_reply": "name queue.code language body",
    "knowledge_article": "number name category audience status keywords body",
    "skill": "name area",
    "bill_role": "code name standard_rate",
    "activity_type": "code name billable productive",
    "rate_card": "name entity.code currency",
    "rate_rule": "number card.name name role.code activity.code band rate multiplier step starts",
    "resource": "number user.email team.name manager.email entity.code bill_role.code skills.name"
    " capacity target cost_rate loaded_rate starts",
    "own_time": "email resource.number",
    "absence": "resource.number kind starts ends status",
    "project": "number name account.code manager.email status billing price budget_hours starts"
    " due closed_on past",
    "phase": "name project.number position",
    "task": "number name project.number phase.name predecessors.number assignee.email status starts"
    " due estimate remaining done_on",
    "milestone": "project.number name due percent status accepted_on",
    "timesheet": "number resource.number week past",
    "time_entry": "resource.number worked_on worked ticket.number task.number activity.code"
    " timesheet.number status result rate_rule.number note account.code project.number cover_state"
    " currency rate multiplier billable cost_currency cost past",
    "expense": "description resource.number spent_on category currency distance distance_rate"
    " amount ticket.number billable markup status past",
    "booking": "resource.number subject.task.number starts ends hours firm",
    "opportunity": "name account.code contact.email manager.email amount recurring close_date"
    " source.asset.tag source.ticket.number lost_reason past",
}


# How products of a kind are charged, and where their revenue goes.
TERMS: dict[str, Row] = {
    "per_asset": {"period": "month", "billing": "advance", "revenue_rule": "straight_line"}
    | {"revenue_account": "4010", "cost_account": "5010"},
    "per_user": {"period": "month", "billing": "advance", "revenue_rule": "straight_line"}
    | {"revenue_account": "4020", "cost_account": "5020"},
    "recurring": {"period": "month", "billing": "advance", "revenue_rule": "straight_line"}
    | {"revenue_account": "4020", "cost_account": "5020"},
    "block": {"billing": "advance", "revenue_rule": "on_use", "revenue_account": "4030"},
    "time": {"billing": "arrears", "revenue_rule": "on_use", "revenue_account": "4030"},
    "one_off": {"billing": "on_event", "revenue_rule": "on_invoice", "revenue_account": "4040"},
}


def types_and_products(w: World) -> dict[str, list[Row]]:
    types = [
        {"name": t["name"], "needs_serial": str(t["serial"]).lower(), "life_years": t["life"]}
        for t in w.words["types"]
    ]
    names = ("code", "name", "behaviour", "level", "price", "cost", "unit", "budget_hours")
    products = [
        dict(zip(names, row, strict=True), currency="GBP", active="true", **TERMS[row[2]])
        for row in w.words["products"]["rows"]
    ]
    return {"asset_type": types, "product": products}


WRITTEN = (
    "currency",
    "tax_code",
    "legal_entity",
    "exchange_rate",
    "queue",
    "ticket_type",
    "closing_code",
    "canned_reply",
    "knowledge_article",
    "skill",
    "bill_role",
    "activity_type",
    "rate_card",
    "service_level",
    "service_target",
)  # tables that stand in the words
RATE = (
    *("number", "card.name", "name", "role.code", "activity.code", "band", "rate"),
    *("multiplier", "step", "starts"),
)


def books(w: World) -> dict[str, list[Row]]:
    """Our companies and what is set up in them, as it stands in the words."""
    return {
        name: [{"tax_rounding": "total", **row} for row in w.words[name]] for name in WRITTEN
    } | {
        "rate_rule": [
            dict(zip(RATE, [*row, "2024-01-01"], strict=True)) for row in w.words["rates"]["rows"]
        ]
    }


def portal_user(contact: Row) -> Row:
    """A customer's person who signs in."""
    return {
        "email": contact["email"],
        "name": contact["name"],
        "roles": "customer_contact",
        "contact.email": contact["email"],
        "active": "true",
    }


def make_world() -> dict[str, list[Row]]:
    """All tables, by the name of their file."""
    w = World(tomllib.loads((HERE / "psa_sample" / "words.toml").read_text("utf-8")))
    staff = staff_rows()
    make_accounts(w)
    choose_formats(w)
    make_contacts(w)
    make_sites(w)
    make_assets(w)
    make_contracts(w)
    make_lines(w)
    make_coverages(w)
    make_tickets(w, staff)
    tables = (
        types_and_products(w)
        | books(w)
        | {
            "group": [{"name": name} for name in GROUPS],
            "team": [{"name": name} for name in TEAMS],
            "user": staff,
            "account": w.accounts,
            "site": w.sites,
            "contact": w.contacts,
            "portal_user": [portal_user(w.contacts[0])],
            "asset": w.assets,
            "contract": w.contracts,
            "contract_line": w.lines,
            "coverage": w.coverages,
            "contract_month": make_value_months(w),
            "ticket": w.tickets,
            "opportunity": make_opportunities(w, staff),
            **make_delivery(w),
        }
    )
    pasts = Pasts(w)
    pasts.tell_all(tables)
    return tables | {"ticket_update": make_updates(w, pasts.steps)}


def write(name: str, rows: list[Row]) -> int:
    """One CSV file; answers its size."""
    path = TARGET / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        columns = COLUMNS[name].split()
        out.writerow(columns)
        out.writerows([row.get(column, "") for column in columns] for row in rows)
    return path.stat().st_size


def main() -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    tables = make_world()
    total = 0
    for name in COLUMNS:
        size = write(name, tables[name])
        total += size
        print(f"{name:15} {len(tables[name]):6} rows {size:9} bytes")
    print(f"{'total':15} {total:28} bytes")


if __name__ == "__main__":
    main()
