"""The provider's own people, and the companies they work with."""

from __future__ import annotations

from scripts.psa_sample.world import MAIL, Row, World, slug

STAFF = (
    # first name, last name, roles, teams
    ("Amara", "Osei", "service_manager", "Service desk"),
    ("Tom", "Whitlock", "technician", "Service desk"),
    ("Priya", "Nair", "technician", "Service desk"),
    ("Jonas", "Weber", "technician", "Field engineers"),
    ("Hannah", "Frost", "technician", "Service desk"),
    ("Leila", "Haddad", "technician", "Service desk;Projects"),
    ("Owen", "Price", "technician", "Field engineers"),
    ("Rafael", "Costa", "technician", "Field engineers"),
    ("Marcus", "Bell", "technician", "Projects"),
    ("Grace", "Munro", "account_manager", "Sales;Projects"),
    ("Daniel", "Kerr", "account_manager", "Sales"),
    ("Sofia", "Lindgren", "account_manager", "Sales"),
    ("Ines", "Duarte", "employee", ""),
    ("Helen", "Marsh", "finance", ""),
    ("Callum", "Reid", "sales", "Sales"),
    ("Nina", "Okoro", "dispatcher", "Service desk"),
    ("Lena", "Brandt", "project_manager", "Projects"),
)
LEGAL_FORMS = ("LLP", "Ltd", "B.V.", "GmbH", "ApS", "A/S", "AB", "&")
GROUPS = (
    "London and South East",
    "Midlands and East",
    "North and Scotland",
    "Wales and South West",
    "Ireland and Benelux",
    "Nordics and DACH",
)
TEAMS = ("Service desk", "Field engineers", "Projects", "Sales")
CURATED = (
    ("Harrow Legal LLP", "London", "12 Mincing Lane"),
    ("Castle Dental Group", "Nottingham", "4 Castle Gate"),
    ("Brightwater Foods", "Norwich", "Unit 7, River Walk"),
    ("Lindqvist Logistics", "Göteborg", "31 Storgatan"),
    ("Ellison Architects", "Bristol", "The Granary, Canal Wharf"),
    ("Pemberton Primary Trust", "Leeds", "Park Row School"),
    ("Oakfield Veterinary", "Guildford", "88 Station Road"),
    ("Meridian Print Co", "Croydon", "16 Foundry Lane"),
)


def staff_rows() -> list[Row]:
    """The provider's own people. Managers see every group, a technician about half of them."""
    rows = []
    for number, (first, last, role, teams) in enumerate(STAFF):
        groups = list(GROUPS)
        if role == "technician":
            far = GROUPS[1:]
            groups = [GROUPS[0], far[number % 5], far[(number + 2) % 5]]
        rows.append(
            {
                "email": f"{first.lower()}@{MAIL}",
                "name": f"{first} {last}",
                "roles": role,
                "groups.name": ";".join(groups),
                "teams.name": teams,
                "active": "true",
            }
        )
    return rows


def company_name(w: World, country: str) -> str:
    words = w.words["companies"]
    abroad = words["kinds_abroad"].get(country)
    if abroad:
        return f"{w.rng.choice(words['stems_abroad'][country])} {w.rng.choice(abroad)}"
    kind = w.rng.choice(words["kinds"] if w.rng.random() < 0.85 else words["plain"])
    return f"{w.rng.choice(words['stems'])} {kind}"


def new_company(w: World, country: str) -> str:
    return w.free(lambda: company_name(w, country))


def domain_of(name: str) -> str:
    """Made of the name without its legal form."""
    words = [word for word in name.split() if word not in LEGAL_FORMS]
    return f"{slug(' '.join(words))}.example"


def street_of(w: World, country: str) -> str:
    companies = w.words["companies"]
    streets = companies["streets_abroad"].get(country, companies["streets"])
    return w.free(lambda: f"{w.rng.randint(1, 240)} {w.rng.choice(streets)}")


def find_town(w: World, name: str) -> tuple[Row, list[str]]:
    return next((t, row) for t in w.words["towns"] for row in t["rows"] if row[0] == name)


def some_town(w: World) -> tuple[Row, list[str]]:
    area = w.rng.choices(w.words["towns"], weights=[t["weight"] for t in w.words["towns"]])[0]
    return area, w.rng.choice(area["rows"])


def postcode(w: World, area: Row, start: str) -> str:
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    pair = w.rng.choice(letters) + w.rng.choice(letters)
    if area["country"] == "United Kingdom":
        return f"{start} {w.rng.randint(1, 9)}{pair}"
    if area["country"] == "Netherlands":
        return f"{start} {pair}"
    if area["country"] == "Ireland":
        return f"{start} {pair[0]}{w.rng.randint(100, 999)}"
    return start


def house_of(country: str) -> Row:
    """Which of our companies does business there, in which currency and with which tax."""
    if country == "United Kingdom":
        return {"entity.code": "UK", "currency": "GBP", "tax_code.code": "UK-STD"}
    tax = "DE-STD" if country == "Germany" else "EU-RC"
    return {"entity.code": "DE", "currency": "EUR", "tax_code.code": tax}


def add_account(
    w: World, name: str, role: str, status: str, place: tuple[Row, list[str]], street: str
) -> Row:
    area, town = place
    managers = [
        f"{first.lower()}@{MAIL}" for first, _, kind, _ in STAFF if kind == "account_manager"
    ]
    number = len(w.accounts) + 1
    account: Row = {
        "code": f"AC-{number:04d}",
        "name": name,
        "types": role,
        "status": status,
        "group.name": area["group"],
        "manager.email": w.rng.choice(managers),
        "domain": domain_of(name),
        "phone": f"{town[1]} {w.rng.randint(0, 999):04d}",
        "street": street,
        "town": town[0],
        "region": area["region"],
        "postcode": postcode(w, area, town[2]),
        "country": area["country"],
        "terms": w.pick({"days_30": 7, "days_14": 2, "days_60": 1}),
        **house_of(area["country"]),
        "since": w.some_day(-3200, -800) if status in ("active", "on_hold", "former") else "",
        "_size": w.rng.paretovariate(1.3),
    }
    w.accounts.append(account)
    return account


def make_accounts(w: World) -> None:
    for name, town, street in CURATED:
        w.taken.update((name, street))
        account = add_account(w, name, "customer", "active", find_town(w, town), street)
        account["_size"] = 4.0
    w.accounts[0]["manager.email"] = f"daniel@{MAIL}"
    plan = ("active",) * 210 + ("on_hold",) * 12 + ("former",) * 20 + ("prospect",) * 30
    for status in plan:
        place = some_town(w)
        name = new_company(w, place[0]["country"])
        role = "prospect" if status == "prospect" else "customer"
        add_account(w, name, role, status, place, street_of(w, place[0]["country"]))
    for role, names in (("supplier", "suppliers"), ("partner", "partners")):
        for name in w.words["companies"][names]:
            place = some_town(w)
            add_account(w, name, role, "active", place, street_of(w, place[0]["country"]))


def customers(w: World, *status: str) -> list[Row]:
    return [a for a in w.accounts if a["types"] == "customer" and a["status"] in status]


def shares(w: World, rows: list[Row], total: int, least: int) -> list[int]:
    """`total` things dealt out by size, nobody below `least`."""
    spare = total - least * len(rows)
    weights = [min(r["_size"], 12.0) for r in rows]
    dealt = [least + int(spare * weight / sum(weights)) for weight in weights]
    for index in range(total - sum(dealt)):
        dealt[index % len(dealt)] += 1
    return dealt


def add_contact(w: World, account: Row, first: str, last: str, job: str, duties: str) -> None:
    w.contacts.append(
        {
            "name": f"{first} {last}",
            "account.code": account["code"],
            "job": job,
            "email": f"{slug(first)}.{slug(last)}@{account['domain']}",
            "phone": f"{account['phone'][:-4]}{w.rng.randint(0, 9999):04d}",
            "duties": duties,
            "active": "true",
        }
    )


def make_contacts(w: World) -> None:
    people = w.words["people"]
    for account, count in zip(w.accounts, shares(w, w.accounts, 700, 1), strict=True):
        for index in range(count):
            job = w.rng.choice(people["jobs"])
            duties = (
                "primary;approver" if index == 0 else w.pick({"": 5, "technical": 2, "billing": 2})
            )
            if account is w.accounts[0] and index == 0:
                add_contact(w, account, "Jane", "Mercer", "Practice manager", "primary;approver")
                w.taken.add("Jane Mercer")
                continue
            name = w.free(lambda: f"{w.rng.choice(people['first'])}|{w.rng.choice(people['last'])}")
            first, last = name.split("|")
            add_contact(w, account, first, last, job, duties)


def make_sites(w: World) -> None:
    owners = customers(w, "active", "on_hold", "former")
    for account, count in zip(owners, shares(w, owners, 450, 1), strict=True):
        for index in range(count):
            street = account["street"] if index == 0 else street_of(w, account["country"])
            w.sites.append(
                {
                    "name": street,
                    "account.code": account["code"],
                    "street": street,
                    "town": account["town"],
                    "postcode": account["postcode"],
                    "country": account["country"],
                    "travel": w.rng.choice((900, 1200, 1800, 2700, 3600, 5400)),
                }
            )


FORMATS = (
    "invoice_document", "invoice_by_device", "invoice_by_order", "invoice_by_day", "invoice_brief",
)  # fmt: skip


def choose_formats(w: World) -> None:
    """Most customers take invoices as they come; some want theirs in another format."""
    for at, account in enumerate(w.accounts):
        account["language"] = "de" if account["entity.code"] == "DE" else "en"
        account["invoice_format"] = FORMATS[at % 5] if at % 3 == 0 else FORMATS[0]
