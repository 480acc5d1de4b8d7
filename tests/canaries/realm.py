"""A realm of records in which every value is a word of its own, and what is said about them.

Three objects in a row (house, contract, item), one that almost nobody may read (vault) and one that
people read of which they own (visit). `north` and `south` are the records of each.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

OBJECTS = ("house", "contract", "item", "vault", "visit")
KEYS = ("north", "south")


def word(object_name: str, key: str, field: str) -> str:
    """The text of a field of a record, which occurs nowhere else."""
    return f"zq{object_name}{key}{field.replace('_', '')}qz"


def label(object_name: str, field: str = "") -> str:
    """What an object or a field is called, where that is a secret too."""
    return f"Zl{object_name}{field.replace('_', '')}lz"


MARGINS = {"north": "7310.11", "south": "7320.22"}
COSTS = {"north": "8410.33", "south": "8420.44"}
ENDS = {"north": "2031-07-13", "south": "2032-08-14"}
# A number or a day is written in many ways.
WRITTEN = {
    "7310.11": ("7310.11", "7,310.11", "7310.1", "7310,11"),
    "7320.22": ("7320.22", "7,320.22", "7320.2", "7320,22"),
    "8410.33": ("8410.33", "8,410.33", "8410.3", "8410,33"),
    "8420.44": ("8420.44", "8,420.44", "8420.4", "8420,44"),
    "2031-07-13": ("2031-07-13", "13 jul 2031", "13 july 2031", "07/13/2031", "13/07/2031"),
    "2032-08-14": ("2032-08-14", "14 aug 2032", "14 august 2032", "08/14/2032", "14/08/2032"),
}

HOUSE: Json = {
    "kind": "object", "name": "house", "label": "House", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "searchable": True},
        {"name": "place", "kind": "choice", "options": [{"name": "north"}, {"name": "south"}]},
        {"name": "code", "kind": "text", "label": label("house", "code"), "searchable": True,
         "unique": True},
        {"name": "remark", "kind": "long_text", "label": label("house", "remark")},
    ],
}  # fmt: skip
CONTRACT: Json = {
    "kind": "object", "name": "contract", "label": "Contract", "title": "{number} {secret} {house}",
    "fields": [
        {"name": "number", "kind": "text", "searchable": True},
        {"name": "secret", "kind": "text", "label": label("contract", "secret"),
         "searchable": True},
        {"name": "house", "kind": "lookup", "to": "house", "inverse": "contracts"},
        {"name": "others", "kind": "multi_lookup", "to": "house"},
        {"name": "about", "kind": "any_lookup", "to": ["house", "vault"]},
        {"name": "vault", "kind": "lookup", "to": "vault", "label": "Kept in"},
        {"name": "keeper", "kind": "person", "accepts": ["user", "team"]},
        {"name": "state", "kind": "choice", "default": "open",
         "options": [{"name": "open"}, {"name": "won"}, {"name": "lost", "closed": True}]},
        {"name": "grade", "kind": "choice", "log": True, "label": label("contract", "grade"),
         "options": [{"name": "fine", "label": "Zlgradefinelz"},
                     {"name": "poor", "label": "Zlgradepoorlz"}]},
        {"name": "price", "kind": "money", "currency": "EUR"},
        {"name": "margin", "kind": "number", "scale": 2, "label": label("contract", "margin")},
        {"name": "ends", "kind": "date", "label": label("contract", "ends")},
        {"name": "gain", "kind": "calculated", "result": "number", "scale": 2,
         "formula": "margin * 1", "label": label("contract", "gain")},
        {"name": "worth", "kind": "calculated", "result": "number", "formula": "count(items)"},
        {"name": "papers", "kind": "file", "many": True, "label": label("contract", "papers")},
        {"name": "letter", "kind": "file"},
        {"name": "tariff", "kind": "text", "dated": True},
        {"name": "plan", "kind": "text", "dated": True, "label": label("contract", "plan")},
        {"name": "pin_code", "kind": "text", "protected": True},
        {"name": "visible_note", "kind": "long_text"},
    ],
    "states": {"field": "state", "transitions": [
        {"name": "win", "from": ["open"], "to": "won", "when": "margin > 0",
         "message": "Not now."},
        {"name": "lose", "from": ["open", "won"], "to": "lost"}]},
    "logic": [{"field": "tariff", "visible": "margin > 0"}],
}  # fmt: skip
ITEM: Json = {
    "kind": "object", "name": "item", "label": "Item", "title": "{contract} {name}",
    "fields": [
        {"name": "contract", "kind": "lookup", "to": "contract", "inverse": "items",
         "owned": True},
        {"name": "name", "kind": "text", "searchable": True},
        {"name": "cost", "kind": "number", "scale": 2, "label": label("item", "cost")},
    ],
}  # fmt: skip
VAULT: Json = {
    "kind": "object", "name": "vault", "label": label("vault"), "plural": label("vault") + "s",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "searchable": True, "label": label("vault", "name")},
        {"name": "content", "kind": "long_text", "label": label("vault", "content")},
    ],
}  # fmt: skip
VISIT: Json = {
    "kind": "object", "name": "visit", "label": "Visit", "title": "{contract} {name}",
    "fields": [
        {"name": "contract", "kind": "lookup", "to": "contract", "inverse": "visits"},
        {"name": "name", "kind": "text", "searchable": True},
        {"name": "place", "kind": "lookup", "to": "house"},
    ],
}  # fmt: skip
# Keeps changes of all of them, for people who may read only some.
BUNDLE: Json = {
    "kind": "object", "name": "bundle", "label": "Bundle", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "contract", "kind": "lookup", "to": "contract"},
        {"name": "done", "kind": "boolean"},
    ],
    "change_set": {
        "of": list(OBJECTS), "applies": "done",
        "preview": [{"field": "contract.secret"}, {"field": "contract.house.code"},
                    {"view": "plain"}, {"view": "spilling"}, {"view": "named"}],
    },
}  # fmt: skip
SEES_BUNDLES: Json = {"object": "bundle", "can": ["read", "update"]}

HIDDEN = {
    "house": ("code", "remark"),
    "contract": ("secret", "grade", "margin", "ends", "gain", "papers", "plan"),
    "item": ("cost",),
}


def hiding(object_name: str) -> Json:
    return {"fields": dict.fromkeys(HIDDEN[object_name], "none")}


ROLES: tuple[Json, ...] = (
    {"kind": "role", "name": "clerk", "label": "Clerk", "grants": [
        {"object": "house", "can": ["*"], "where": "place == 'north'"},
        {"object": "contract", "can": ["*"], **hiding("contract")},
        {"object": "item", "can": ["*"], **hiding("item")},
        {"object": "visit", "can": ["*"], "where": "owner == me"}, SEES_BUNDLES]},
    {"kind": "role", "name": "partner", "label": "Partner", "grants": [
        {"object": "house", "can": ["read", "export"], **hiding("house")},
        {"object": "contract", "can": ["read", "export", "reply"],
         "where": "house.place == 'north'"},
        {"object": "item", "can": ["read", "export"]}, SEES_BUNDLES]},
    {"kind": "role", "name": "owner", "label": "Owner", "grants": [
        {"object": "visit", "can": ["*"], "where": "owner == me"}, SEES_BUNDLES]},
    {"kind": "role", "name": "designer", "label": "Designer", "meta": ["read", "write"], "grants": [
        {"object": "contract", "can": ["read", "create", "update"], **hiding("contract")},
        SEES_BUNDLES]},
    {"kind": "role", "name": "stranger", "label": "Stranger"},
)  # fmt: skip

SPILL = (
    "{{ contract.title }} {{ contract.secret }} {{ contract.margin }} {{ contract.grade }} "
    "{{ contract.ends | date }} {{ contract.gain }} {{ contract.plan }} {{ contract.house }} "
    "{{ contract.house.code }} {{ contract.house.name }} {{ contract.vault.content }} "
    "{{ contract.vault }} {{ contract.about }} {{ contract.papers }} "
    "{% for i in contract.items %}{{ i.title }} {{ i.cost }} {% endfor %}"
    "{% for o in contract.others %}{{ o.name }} {{ o.code }} {% endfor %}"
    "{% for v in contract.visits %}{{ v.title }} {{ v.name }} {% endfor %}"
)
TOLD = [{"role": role["name"]} for role in ROLES]
WORDS = (
    "title & ' ' & secret & ' ' & text(margin) & ' ' & text(grade) & ' ' & house.title & ' ' & "
    "house.code & ' ' & vault.content & ' ' & text(sum(items, cost)) & ' ' & text(ends) & ' ' & "
    "plan & ' ' & text(gain) & ' ' & first(items, title) & ' ' & first(visits, name) & ' ' & "
    "vault.title"
)
CHANGED = {"object": "contract", "event": ["updated"], "fields": ["number"]}

OTHERS: tuple[Json, ...] = (
    {"kind": "view", "name": "spilling", "object": "contract", "where": "margin > 0",
     "columns": ["number", "secret", "house.code", "house.name", "vault.name", "gain"],
     "sort": ["secret", "house.name"]},
    {"kind": "view", "name": "plain", "object": "contract", "sort": ["-title"],
     "columns": ["title", "number", "secret", "house.code", "house.name", "vault.name", "gain"]},
    {"kind": "view", "name": "grouped", "object": "contract", "group": "grade",
     "columns": ["number", "grade", "ends"]},
    {"kind": "view", "name": "named", "object": "item", "columns": ["name", "contract", "cost"],
     "sort": ["contract.secret", "title"]},
    {"kind": "board", "name": "desk", "object": "contract", "columns": {"by": "state"},
     "swimlanes": {"by": "house"}, "card": {
         "title": "number", "fields": ["secret", "margin", "house", "vault", "ends", "papers"],
         "colour": "grade"},
     "totals": ["count()", "sum(margin)", "sum(price)"], "sort": ["secret"]},
    {"kind": "board", "name": "cards", "object": "contract", "columns": {"by": "state"},
     "swimlanes": {"by": "house"}, "card": {
         "title": "title", "fields": ["secret", "margin", "house", "vault", "ends", "about"],
         "colour": "grade"},
     "totals": ["count()", "sum(margin)", "sum(price)", "max(gain)"], "sort": ["title"]},
    {"kind": "board", "name": "graded", "object": "contract", "columns": {"by": "grade"},
     "card": {"title": "secret"}},
    {"kind": "board", "name": "by_house", "object": "contract", "columns": {"by": "house"},
     "card": {"title": "number"}},
    {"kind": "board", "name": "by_vault", "object": "contract", "columns": {"by": "vault"},
     "card": {"title": "number", "fields": ["about", "others"]}, "where": "margin > 0"},
    {"kind": "board", "name": "items", "object": "item", "columns": {"by": "contract"},
     "card": {"title": "title", "fields": ["cost"]}},
    {"kind": "report", "name": "gains", "object": "contract",
     "group": ["house", "month(created_at)"],
     "measures": ["count()", "sum(margin)", "max(ends)", "sum(gain)", "sum(price)"],
     "calculate": [{"name": "part", "formula": "sum_margin / count"}], "sort": ["-sum(margin)"]},
    {"kind": "report", "name": "grades", "object": "contract", "group": ["state"],
     "steps": {"log": "grade", "order": ["poor", "fine"]}, "show": "funnel"},
    {"kind": "report", "name": "places", "object": "contract", "group": ["house.code"],
     "columns": ["vault.name"], "show": "pivot"},
    {"kind": "report", "name": "vaulted", "object": "contract", "group": ["vault", "about"],
     "where": "margin > 0"},
    {"kind": "report", "name": "costs", "object": "item", "group": ["contract", "title"],
     "measures": ["sum(cost)", "count()"]},
    {"kind": "report", "name": "both", "group": ["title"], "union": [
        {"object": "contract", "dimensions": {"title": "title"}, "measures": ["sum(margin)"]},
        {"object": "item", "dimensions": {"title": "title"}, "measures": ["count()"]}]},
    {"kind": "dashboard", "name": "all", "items": [
        {"report": "gains"}, {"report": "grades"}, {"report": "places"}, {"report": "vaulted"},
        {"report": "costs"}, {"report": "both"}, {"pin": "margins"}, {"pin": "plain"}]},
    {"kind": "link", "name": "end_it", "object": "contract", "action": "lose", "shows": ["state"],
     "ask": [{"name": "signer", "kind": "text", "required": True}], "allow": ["clerk"]},
    {"kind": "pin", "name": "margins", "object": "contract", "measure": "sum(margin)",
     "show": "number", "audience": ["partner"]},
    {"kind": "pin", "name": "plain", "object": "item", "show": "list", "sort": ["-title"],
     "columns": ["contract", "name"]},
    {"kind": "pin", "name": "listed", "object": "contract", "where": "margin > 0", "show": "list",
     "sort": ["secret"], "columns": ["secret", "house.code", "vault.name"],
     "audience": ["designer"]},
    {"kind": "pin", "name": "latest", "object": "item", "show": "list", "sort": ["-title"],
     "columns": ["contract", "cost"], "audience": ["partner"]},
    {"kind": "pin", "name": "grades", "object": "contract", "show": "board", "by": "grade",
     "audience": ["partner"]},
    {"kind": "pin", "name": "vaults", "object": "vault", "measure": "count()", "show": "number"},
    {"kind": "form", "name": "contract_main", "object": "contract", "sections": [
        {"name": "open", "label": "Open", "fields": ["number", "secret", "house", "vault", "ends"]},
        {"name": "closed", "label": "Closed", "visible": "margin > 0",
         "fields": ["margin", "grade", "gain", "papers", "plan", "tariff"]}],
     "facts": ["margin", "house", "ends"], "related": ["items", "visits"]},
    {"kind": "template", "name": "spill", "for": "contract",
     "subject": "About {{ contract.title }} {{ contract.secret }}", "body": SPILL},
    {"kind": "page_layout", "name": "paper", "for": "house",
     "body": "{{ house.name }} {{ house.code }} {{ content }}"},
    {"kind": "template", "name": "sheet", "for": "contract", "channel": "document", "body": SPILL
     + "{{ tables.items }}", "layout": "paper", "layout_of": "house", "file": "{secret}.pdf",
     "tables": [{"name": "items", "rows": "items", "columns": ["name", "cost", "contract.secret"],
                 "group": ["contract.house"], "sum": "cost"}]},
    {"kind": "rule", "name": "tell", "on": CHANGED,
     "do": [{"notify": {"to": TOLD, "by": ["email", "in_app"], "template": "spill"}}]},
    {"kind": "rule", "name": "say", "on": CHANGED, "when": "margin > 0 and secret != null",
     "do": [{"notify": {"to": TOLD, "by": ["email", "in_app"], "subject": WORDS, "text": WORDS}}]},
    {"kind": "rule", "name": "press", "on": {"object": "contract", "button": "Press"},
     "do": [{"notify": {"to": [{"role": "stranger"}], "by": ["in_app"], "template": "spill"}}]},
    {"kind": "rule", "name": "try", "on": {"object": "contract", "button": "Try"},
     "when": "margin > 9000 and secret != house.code",
     "do": [{"notify": {"to": [{"role": "stranger"}], "by": ["in_app"], "template": "spill"}}]},
    {"kind": "rule", "name": "fail", "on": {"object": "contract", "button": "Fail"},
     "do": [{"create": "house", "set": {"name": "secret", "code": "house.code"}}]},
    {"kind": "process", "name": "watch", "subject": "contract", "stages": [
        {"name": "look", "performers": [{"role": "stranger"}], "main_action": {"fill": ["number"]}},
        {"name": "write", "performers": [{"role": "clerk"}], "main_action": {"create": "item"}}],
     "routes": [{"from": "start", "to": "look"}, {"from": "look", "to": "write"},
                {"from": "write", "to": "look"}, {"from": "look", "to": "end"}]},
    {"kind": "webform", "name": "ask", "label": "Ask", "object": "contract", "slug": "ask",
     "steps": [{"name": "one", "fields": [{"field": "number"}]}], "spam": {"min_seconds": 0,
     "api": True}, "done": {"message": "Thank you."}},
)  # fmt: skip

DOCUMENTS: tuple[Json, ...] = (HOUSE, CONTRACT, ITEM, VAULT, VISIT, BUNDLE, *ROLES, *OTHERS)
