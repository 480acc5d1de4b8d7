"""Assets, contracts and which asset is covered from when until when."""

from __future__ import annotations

from datetime import date, timedelta

from scripts.psa_sample.parties import customers, shares
from scripts.psa_sample.world import ANCHOR, Row, World, months_after

PRINTER = "Laser printer M507, records room"
LONG_STANDING = 9  # customers whose ended contract is kept too
CHARGED_FROM = ANCHOR.replace(day=1)  # what came before was invoiced elsewhere
BILLED_LONG = {"AC-0001", "AC-0003", "AC-0019", "AC-0024"}  # for a year, the others a month
PRINTER_ROW = 306  # so that its tag is A-00307


def asset_status(w: World, account: Row, age: int) -> str:
    if account["status"] == "former":
        return "retired"
    old = 0.5 if age > 2000 else 0.02
    return w.pick({"deployed": 1 - old, "retired": old, "in_stock": 0.03, "in_repair": 0.012})


def new_serial(w: World, prefix: str) -> str:
    return prefix + "".join(w.rng.choices("0123456789BCDFGHJKLMNPQRSTVWXZ", k=7))


def new_asset(w: World, account: Row, sites: list[Row]) -> Row:
    kind = w.rng.choices(w.words["types"], weights=[t["share"] for t in w.words["types"]])[0]
    model, price = w.rng.choice(kind["models"])
    desk = kind["line"] == "workstations"
    place = w.rng.choice(w.words["places"]["desk" if desk else "shared"])
    age = w.rng.randint(12, 2400)
    status = asset_status(w, account, age)
    installed = ANCHOR - timedelta(days=age)
    warranty = months_after(installed, 12 * kind["warranty"]) if kind["warranty"] else ""
    known = kind["serial"] and (status == "deployed" or w.rng.random() < 0.8)
    return {
        "name": f"{model}, {place}",
        "serial": w.free(lambda: new_serial(w, kind["prefix"])) if known else "",
        "account.code": account["code"],
        "site.name": w.rng.choice(sites)["name"] if w.rng.random() < 0.94 else "",
        "type.name": kind["name"],
        "installed": installed,
        "warranty_to": warranty if w.rng.random() < 0.9 else "",
        "status": status,
        "price": f"{price * w.rng.uniform(0.9, 1.15):.0f}" if price else "",
        "risk": w.rng.randint(5, 95) if w.rng.random() < 0.12 else "",
        "_line": kind["line"],
    }


def make_assets(w: World) -> None:
    owners = customers(w, "active", "on_hold", "former")
    sites: dict[str, list[Row]] = {}
    for site in w.sites:
        sites.setdefault(site["account.code"], []).append(site)
    for account, count in zip(owners, shares(w, owners, 4799, 3), strict=True):
        w.assets += [new_asset(w, account, sites[account["code"]]) for _ in range(count)]
    w.assets.sort(key=lambda a: (a["installed"], a["name"], a["account.code"]))
    w.assets.insert(
        PRINTER_ROW,
        {
            "name": PRINTER,
            "serial": "VNB3K10427",
            "account.code": "AC-0001",
            "site.name": "12 Mincing Lane",
            "type.name": "Printer, mono laser",
            "installed": date(2024, 3, 1),
            "warranty_to": date(2027, 1, 26),
            "status": "deployed",
            "price": "518.40",
            "risk": 42,
            "_line": "printers",
        },
    )
    for number, asset in enumerate(w.assets, 1):
        asset["tag"] = f"A-{number:05d}"


def add_contract(w: World, account: Row, starts: date, months: int, status: str) -> Row:
    ends = months_after(starts, months)
    contract = {
        "name": w.rng.choice(
            ("Managed IT", "Support", "Support and care", "Network and server care")
        ),
        "account.code": account["code"],
        "starts": starts,
        "ends": ends,
        "renews": "true",
        "notice_days": 90,
        "cover_at": w.pick({"opened": 4, "worked": 1}),
        "status": status,
        "order_reference": f"PO-{w.rng.randint(1000, 99999)}" if w.rng.random() < 0.5 else "",
    }
    w.contracts.append(contract)
    return contract


def make_contracts(w: World) -> None:
    """A running contract for each customer; an ended one for former and long-standing ones."""
    running = customers(w, "active", "on_hold")
    harrow = running[0]
    for account in running[1:]:
        months = w.rng.choice((24, 36, 36))
        starts = months_after(date(2026, 11, 1), -w.rng.randint(1, months - 1))
        status = "notice" if w.rng.random() < 0.04 else "active"
        add_contract(w, account, starts, months, status)
    for account in customers(w, "former") + running[20 : 20 + LONG_STANDING]:
        starts = months_after(date(2026, 11, 1), -w.rng.randint(38, 60))
        add_contract(w, account, starts, 24, "ended")
    w.contracts.sort(key=lambda c: (c["starts"], c["account.code"]))
    before = add_contract(w, harrow, date(2024, 3, 1), 24, "ended")
    now = add_contract(w, harrow, date(2026, 3, 1), 36, "active")
    for contract, number in ((before, 167), (now, 231)):
        contract["name"] = "Support"
        w.contracts.remove(contract)
        w.contracts.insert(number - 1, contract)
    for number, contract in enumerate(w.contracts, 1):
        contract["number"] = f"C-{number:04d}"


MIXED = ("SUP-GOLD", "SUP-SILVER", "SUP-BRONZE")  # for assets of several kinds
LINE_PRODUCTS = {
    "workstations": (("SUP-SILVER", "silver"), ("SUP-BRONZE", "bronze"), ("SUP-GOLD", "gold")),
    "network": (("NET-CARE", "silver"),),
    "servers": (("SRV-CARE", "gold"),),
    "printers": (("SUP-GOLD", "gold"), ("SUP-SILVER", "silver")),
    "telephones": (("TEL-CARE", "bronze"),),
}


def add_line(w: World, contract: Row, code: str, level: str, kind: str, quantity: int) -> Row:
    product = next(p for p in w.words["products"]["rows"] if p[0] == code)
    line = {
        "contract.number": contract["number"],
        "product.code": code,
        "description": f"{product[1]}, {kind}" if code in MIXED else product[1],
        "quantity": quantity,
        "price": product[4],
        "starts": contract["starts"],
        "ends": contract["ends"],
        "_kind": kind,
        "_level": level,
        "_contract": contract,
    }
    w.lines.append(line)
    return line


def make_lines(w: World) -> None:
    """Lines for what each customer has most of; five hundred in all, licences fill the rest."""
    assets: dict[tuple[str, str], int] = {}
    for asset in w.assets:
        key = (asset["account.code"], asset["_line"])
        assets[key] = assets.get(key, 0) + (asset["status"] != "retired")
    wanted: list[tuple[int, int, str]] = []
    for index, contract in enumerate(w.contracts):
        counts = sorted(
            ((assets.get((contract["account.code"], k), 0), k) for k in LINE_PRODUCTS), reverse=True
        )
        for rank, (count, kind) in enumerate(counts):
            harrow = contract["account.code"] == "AC-0001"
            wanted.append((10**6 if rank == 0 or harrow else count, index, kind))
    wanted = sorted(sorted(wanted, key=lambda x: (-x[0], x[1]))[:470], key=lambda x: x[1])
    for _, index, kind in wanted:
        contract = w.contracts[index]
        choices = LINE_PRODUCTS[kind]
        code, level = w.rng.choice(choices) if kind == "workstations" else choices[0]
        if contract["number"] == "C-0167" and kind == "printers":
            code, level = choices[1]
        count = assets.get((contract["account.code"], kind), 0)
        add_line(w, contract, code, level, kind, max(1, count))
    extras = ("LIC-SUITE", "BAK-CLOUD", "MAIL-SAFE")
    for contract in w.rng.sample(
        [c for c in w.contracts if c["status"] == "active"], 500 - len(w.lines)
    ):
        add_line(w, contract, w.rng.choice(extras), "", "", w.rng.randint(1, 40))
    w.lines.sort(key=lambda line: str(line["contract.number"]))
    for number, line in enumerate(w.lines, 1):
        line["number"] = f"L-{number:05d}"
        line["charged_from"] = max(line["starts"], CHARGED_FROM)
    owners = {contract["number"]: contract["account.code"] for contract in w.contracts}
    for line in w.lines:
        if owners[line["contract.number"]] in BILLED_LONG:
            line["charged_from"] = max(line["starts"], months_after(CHARGED_FROM, -11))


def cover(
    asset: Row, line: Row, starts: date, ends: date | str, level: str, reason: str = ""
) -> Row:
    return {
        "asset.tag": asset["tag"],
        "contract_line.number": line["number"],
        "starts": starts,
        "ends": ends,
        "level": level,
        "reason": reason,
        "requested_by.email": "",
        "requested": "",
    }


def lines_by_use(w: World) -> dict[tuple[str, str], list[Row]]:
    found: dict[tuple[str, str], list[Row]] = {}
    for line in w.lines:
        found.setdefault((line["_contract"]["account.code"], line["_kind"]), []).append(line)
    return found


def cover_of(w: World, asset: Row, line: Row) -> Row | None:
    """The cover of one asset under one line, or none where it has none."""
    contract = line["_contract"]
    starts = max(contract["starts"], asset["installed"])
    ended = contract["status"] == "ended"
    if starts >= contract["ends"] or w.rng.random() < 0.05:
        return None
    if ended or asset["status"] == "retired":
        ends = contract["ends"] if ended else w.some_day(-500, -5)
        reason = "contract_ended" if ended else "retired"
        return cover(asset, line, starts, ends, line["_level"], reason) if ends > starts else None
    chance = w.rng.random()
    if chance < 0.012:
        return cover(asset, line, starts, w.some_day(8, 38), line["_level"], "customer_request")
    if chance < 0.03:
        ends = w.some_day(-400, -3)
        return (
            cover(asset, line, starts, ends, line["_level"], "customer_request")
            if ends > starts
            else None
        )
    if chance < 0.045:
        return cover(asset, line, w.some_day(9, 60), "", line["_level"])
    return cover(asset, line, starts, "", line["_level"])


def make_coverages(w: World) -> None:
    use = lines_by_use(w)
    for asset in w.assets:
        if asset["name"] == PRINTER and asset["account.code"] == "AC-0001":
            continue
        lines = use.get((asset["account.code"], asset["_line"]), [])
        w.coverages += [row for line in lines if (row := cover_of(w, asset, line)) is not None]
    cover_printer(w, use[("AC-0001", "printers")])
    split_levels(w, 5200 - len(w.coverages))
    w.coverages.sort(key=lambda row: (row["asset.tag"], row["starts"]))


def cover_printer(w: World, lines: list[Row]) -> None:
    """The printer of Harrow Legal: silver until the new contract, gold with a planned last day."""
    asset = w.assets[PRINTER_ROW]
    before, now = lines[0], lines[-1]
    w.coverages.append(
        cover(asset, before, date(2024, 3, 1), date(2026, 3, 1), "silver", "contract_ended")
    )
    row = cover(asset, now, date(2026, 3, 1), date(2026, 12, 5), "gold", "customer_request")
    row["requested_by.email"] = w.contacts[0]["email"]
    row["requested"] = date(2026, 11, 17)
    w.coverages.append(row)


def split_levels(w: World, count: int) -> None:
    """Cover that was at another level before: two rows, end to end."""
    open_rows = [r for r in w.coverages if r["ends"] == "" and (ANCHOR - r["starts"]).days > 90]
    if not 0 <= count <= len(open_rows):
        raise SystemExit(
            f"{count} coverages cannot be split off {len(open_rows)}. Change the chances."
        )
    for row in w.rng.sample(open_rows, count):
        turn = row["starts"] + timedelta(days=w.rng.randint(30, (ANCHOR - row["starts"]).days - 10))
        old = dict(
            row,
            ends=turn,
            reason="level_changed",
            level="bronze" if row["level"] != "bronze" else "silver",
        )
        row["starts"] = turn
        w.coverages.append(old)
