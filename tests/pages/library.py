"""A small library in the shapes that the page templates document: lists, records, forms."""
# ruff: noqa: E501

from pathlib import Path
from typing import Any

from markupsafe import Markup

from fluvial.pages.presenters import FACES
from fluvial.pages.template_environment import environment, initials, tone

Context = dict[str, Any]
ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = [
    ROOT / name / "templates"
    for name in ("conversations", "forms", "kanban", "ledger", "processes", "reports", "rules")
]
WHY_ENVIRONMENT = environment(FOLDERS)


def chip(label: str, colour: str = "") -> Markup:
    return Markup('<span class="chip {}">{}</span>').format(colour, label)


def avatar(name: str) -> Markup:
    if not name:
        return Markup('<span class="avatar none" title="Unassigned">+</span>')
    mark = Markup('<span class="avatar {}" title="{}">{}</span>')
    return mark.format(tone(name), name, initials(name))


def person(name: str) -> Markup:
    return Markup('<span class="person">{} <span class="clip">{}</span></span>').format(
        avatar(name), name
    )


def link(label: str, href: str = "/record") -> Markup:
    return Markup('<a class="link" href="{}">{}</a>').format(href, label)


def action(label: str, href: str = "#", icon: str = "", method: str = "get") -> Context:
    return {
        "label": label,
        "href": href,
        "icon": icon,
        "method": method,
        "danger": False,
        "ask_href": "",
        "reason": "",
    }


NAV = [
    ("", [("Home", "home", "/home", ""), ("My work", "inbox", "/work", "8")]),
    (
        "Lending",
        [
            ("Loans", "book-2", "/list", "41"),
            ("Front desk", "layout-kanban", "/board", ""),
            ("Reservations", "bookmark", "/empty", ""),
            ("Members", "users", "/list", ""),
        ],
    ),
    (
        "Collection",
        [
            ("Books", "book", "/record", ""),
            ("Authors", "writing", "/list", ""),
            ("Branches", "building", "/list", ""),
            ("Purchases", "shopping-cart", "/list", ""),
        ],
    ),
    ("Build", [("Studio", "adjustments-horizontal", "/studio", ""), ("API", "api", "/docs", "")]),
]


def page(title: str, *trail: tuple[str, str], here: str = "", **more: Any) -> Context:
    groups: list[Context] = [
        {
            "label": label,
            "items": [
                {"label": text, "icon": icon, "href": href, "count": count, "current": text == here}
                for text, icon, href, count in items
            ],
            "open": label != "Build",
            "here": here in [text for text, *_ in items],
            "rest": None,
        }
        for label, items in NAV
    ]
    many = groups[1]
    many["rest"] = {"items": many["items"][2:], "open": False, "here": False}
    many["items"] = many["items"][:2]
    crumbs = [{"label": label, "href": href} for label, href in trail]
    return {
        "title": title,
        "product": "Fluvial",
        "studio": here == "Studio",
        "lang": "en",
        "decimal": ".",
        "theme": "",
        "csrf": "token",
        "unread": 3,
        "topics": "",
        "crumbs": [*crumbs, {"label": title, "href": ""}],
        "primary": None,
        "menu": [],
        "nav": groups,
        "zone": "America/New_York",
        "top_bar": [
            {
                "template": "_stopwatch.html",
                "part": {
                    "since": "2026-06-12T08:00:00Z",
                    "elapsed": "0:42",
                    "title": "T-2026-00042 Printer prints stripes",
                    "href": "#",
                    "stop_href": "#",
                },
            }
        ],
        "seen": None,
        "draft": None,
        "user": {"name": "Amara Osei", "email": "amara.osei@northgate.example"},
        "links": {
            "home": "/home",
            "search": "/search.json",
            "notifications": "/notifications",
            "profile": "/profile",
            "sign_out": "#",
            "stream": "",
        },
        "keys": {"home": "/home", "list": "/list", "board": "/board", "new": "/form"},
        **more,
    }


NEW_LOAN = action("New loan", "/form", "plus")
LOANS = [
    ("L-00431", "The Overstory", "Harriet Lindqvist", "On loan", "info", "2", "Tom Whitlock", "Overdue 2 days", "bad", "0.80"),
    ("L-00429", "Middlemarch", "Castle Road School", "On loan", "info", "1", "Priya Nair", "Today", "warn", ""),
    ("L-00433", "A Field Guide to Lichens", "Bruno Aalto", "Requested", "plum", "0", "", "Thu 11 Jun", "", ""),
    ("L-00418", "Maps of the Imagination", "Harriet Lindqvist", "Held", "warn", "0", "Tom Whitlock", "Fri 12 Jun", "", ""),
    ("L-00422", "The Sea, the Sea", "Ellison Architects", "On loan", "info", "3", "Jonas Weber", "Sat 13 Jun", "", ""),
    ("L-00415", "Invisible Cities", "Brightwater Choir", "Awaiting return", "warn", "1", "Priya Nair", "Overdue 1 day", "bad", "0.40"),
    ("L-00426", "New starter pack: reading in three languages", "Pemberton Primary", "Reserved", "", "0", "Priya Nair", "Mon 15 Jun", "", ""),
    ("L-00409", "Stoner", "Oakfield Practice", "On loan", "info", "2", "Tom Whitlock", "Mon 15 Jun", "", "3.10"),
    ("L-00428", "The Summer Book", "Ellison Architects", "Requested", "plum", "0", "", "Tue 16 Jun", "", ""),
    ("L-00420", "Braiding Sweetgrass", "Meridian Print", "Held", "warn", "1", "Jonas Weber", "Tue 16 Jun", "", ""),
    ("L-00401", "The Left Hand of Darkness", "Harriet Lindqvist", "Returned", "good", "0", "Priya Nair", "9 Jun 2026", "faint", ""),
]  # fmt: skip


def loan_cells(loan: tuple[str, ...]) -> Markup:
    number, title, member, status, colour, renewals, clerk, due, mood, fee = loan
    return Markup(
        '<td class="title"><a href="/record"><span class="lead-no">{}</span>{}</a></td><td class="nowrap">{}</td>'
        '<td>{}</td><td>{}</td><td class="nowrap {}">{}</td><td class="num hide-s">{}</td><td class="num hide-s">{}</td>'
    ).format(
        number, title, link(member), chip(status, colour), avatar(clerk), mood, due, renewals,
        fee or Markup('<span class="nil">–</span>'),
    )  # fmt: skip


def column(name: str, classes: str = "", sort: str = "none") -> Context:
    label = name.replace("_", " ").capitalize()
    return {"name": name, "label": label, "classes": classes, "sort": sort, "href": f"?sort={name}"}


def op(name: str, label: str, template: str, takes: str = "value") -> Context:
    return {"name": name, "label": label, "template": template, "takes": takes}


STATES = ["Requested", "Reserved", "Held", "On loan", "Awaiting return", "Returned"]
STATUS_OPTIONS = [{"value": name.lower().replace(" ", "_"), "label": name} for name in STATES]
FILTER_FIELDS = [
    {
        "name": "status", "label": "Status", "input": {"type": "text"}, "options": STATUS_OPTIONS, "quote": True,
        "ops": [op("is", "is", "{f} == {v}"), op("not", "is not", "{f} != {v}"), op("open", "is not closed", "{f}.closed == false", "none")],
    },
    {
        "name": "due", "label": "Due", "input": {"type": "date"}, "options": [], "quote": True,
        "ops": [op("before", "is before", "{f} < {v}"), op("after", "is after", "{f} > {v}"), op("past", "is in the past", "{f} < today()", "none")],
    },
    {
        "name": "clerk", "label": "Clerk", "input": {"type": "text"}, "options": [], "search_url": "/lookup", "quote": True,
        "ops": [op("is", "is", "{f} == {v}"), op("me", "is me", "{f} == me", "none"), op("empty", "is empty", "{f} == null", "none")],
    },
]  # fmt: skip


def term(field: str, label: str, op_name: str, op_label: str, value_label: str = "") -> Context:
    return {
        "field": field, "label": label, "op": op_name, "op_label": op_label, "value": value_label,
        "value_label": value_label, "text": f"{field} {op_label} {value_label}",
    }  # fmt: skip


def view(label: str, count: int | None = None, shared: bool = False, here: bool = False) -> Context:
    count_text = "" if count is None else str(count)
    name = label.lower()
    return {
        "name": name, "label": label, "count": count_text, "shared": shared, "current": here,
        "href": "#",
    }  # fmt: skip


def loan_list(empty: bool = False) -> Context:
    terms = [
        term("status", "status", "open", "is", "not closed"),
        term("branch", "branch", "is", "is", "Northgate"),
        term("member.contact", "member › contact", "me", "is", "me"),
    ]
    shown = ["title", "member", "status", "clerk", "due", "renewals", "fee"]
    rows = [
        {"id": loan[0], "rev": 1, "href": "/record", "title": loan[0], "cells": loan_cells(loan)}
        for loan in LOANS
    ]
    return {
        "object": {"name": "loan", "label": "Loan", "plural": "Loans"},
        "title": "Loans",
        "action": "/list", "row_href": "/list?view=all&where=",
        "count": {"shown": "41", "total": "1,000+", "exact_href": "#"},
        "views": [
            view("Open, my members", 41, here=True), view("Mine", 6), view("Nobody yet", 4), view("Due today", 9),
            view("Overdue, not told", 3, shared=True), view("Held for pick-up", shared=True),
        ],
        "counts_href": "/counts", "save_view": "/views", "offers": [action("Board by status", "/boards", "layout-kanban", "post"), action("Board", "/board", "layout-kanban")],
        "save_options": {"label": "", "replaces": "", "may_share": True, "roles": [{"value": "clerk", "label": "Clerk"}], "search": ""},
        "search": "", "kept": [], "equals": [],
        "filter": {
            "terms": [] if empty else terms, "readable": True, "joint": "and", "error": None, "clear_href": "#", "fields": FILTER_FIELDS,
            "expression": "" if empty else "status.closed == false and branch == 'Northgate' and member.contact == me",
        },
        "columns": [
            column("title"), column("member"), column("status"), column("clerk"), column("due", "", "ascending"),
            column("renewals", "num hide-s"), column("fee", "num hide-s"),
        ],
        "chooser": {
            "action": "/columns",
            "shown": [{"name": name, "label": name.capitalize()} for name in shown],
            "others": [{"name": "member.manager", "label": "Member › contact"}, {"name": "book.shelf", "label": "Book › shelf"}],
            "reset_href": "#", "columns": ",".join(shown),
        },
        "sort": {"label": "Due first", "options": [{"label": "Due first", "href": "#", "current": True}, {"label": "Newest first", "href": "#", "current": False}]},
        "rows": [] if empty else rows,
        "next_href": "" if empty else "/more",
        "bulk": {
            "pairs": [{"label": "Merge", "path": "/merge"}],
            "api": "/api/records/loan", "can_delete": True, "delete_api": "/api/records/loan",
            "href": "/list/bulk", "query": "?view=all", "total": "1,000+", "assign": "clerk", "me": "1",
            "actions": [{"name": "renew", "label": "Renew", "asks": True}, {"name": "remind", "label": "Send a reminder", "asks": False}],
            "fields": [
                {"name": "status", "label": "Status", "holds": "option", "input": {"type": "text"}, "options": STATUS_OPTIONS, "emptiable": True},
                {"name": "clerk", "label": "Clerk", "holds": "people", "input": {"type": "text"}, "search_url": "/lookup", "emptiable": True},
                {"name": "due", "label": "Due", "holds": "day", "input": {"type": "date"}, "emptiable": True},
            ],
        },
        "as_of": OTHER_DAY | {"href": "/list"}, "recalculating": "Earned, Out", "note": "Some columns cannot be shown.",
        "empty": {
            "title": "No reservations yet", "filtered": False, "clear_href": "#", "import_href": "/import_file",
            "text": "A reservation keeps a book for a member until it comes back. Most begin from a book’s page or the web form.",
            "new": action("New reservation", "/form", "plus"),
        },
    }  # fmt: skip


OTHER_DAY: Context = {
    "day": "2026-06-16", "label": "As of 16 Jun 2026", "said": "16 Jun 2026", "other": True,
    "asked": "2026-06-16", "href": "/record", "kept": [{"name": "sort", "value": "due"}], "back": "/record",
}  # fmt: skip


def pair(
    name: str, html: Any, edit: bool = True, wide: bool = False, dated: bool = False
) -> Context:
    label = name.replace("_", " ").capitalize()
    return {
        "name": name, "label": label, "html": html, "kind": "text", "wide": wide, "planned": [{"text": "from 16 Jun 2026: 3", "bad": False}] if dated else [], "days_href": "#" if dated else "",
        "edit_href": f"/edit_{name}" if edit else "", "reveal_href": "",
    }  # fmt: skip


def why(value: str) -> Markup:
    rows = [
        {"label": "14 to 31 May", "note": "18 days × 0.20", "value": "3.60", "tone": ""},
        {"label": "1 to 9 June", "note": "9 days × 0.20", "value": "1.80", "tone": ""},
        {"label": "Waived by the desk", "note": "Priya Nair, 9 Jun", "value": "−2.30", "tone": "bad"},
    ]  # fmt: skip
    context = {
        "value": value, "title": f"Why {value}", "as_of": "9 Jun 2026", "rows": rows, "total": {"label": "Fee", "value": value},
        "rule": "Rule: days over, times the branch’s rate.", "href": "#", "href_label": "Open the 3 rows",
    }  # fmt: skip
    from_template = WHY_ENVIRONMENT.get_template("_why.html")
    return Markup(from_template.render(why=context))


def entry(what: str, when: str, **more: Any) -> Context:
    return {
        "icon": "pencil", "person": "", "tone": "", "what": Markup(what), "when": when, "at": "2026-06-09", "lines": [], "bubble": "", "face": None, "action": None, "comment": None,
        **more,
    }  # fmt: skip


TIMELINE = [
    entry("<b>Ends soon</b> is planned", "15 Jun", icon="bolt", tone="rule", lines=["On 15 Jun at 08:00 it will remind Harriet Lindqvist by e-mail."], action={"label": "Dry run", "href": "#"}),
    entry("<b>Overdue fee</b> ran", "09:21", icon="bolt", tone="rule", lines=["Fee went from 4.80 to 5.40; Tom Whitlock was told in the app."], action={"label": "See the trace, 2 effects", "href": "#"}),
    entry("<b>Priya Nair</b> changed 2 fields", "09:20", person="Priya Nair", lines=[Markup('Due <span class="del">31 May 2026</span> → 15 Jun 2026'), Markup("Clerk empty → Tom Whitlock")]),
    entry("<b>Harriet Lindqvist</b> by e-mail", "5 Jun 11:20", person="Harriet Lindqvist", bubble="May I keep it until the middle of June? The second half is where the trees talk back."),
    entry("<b>Tom Whitlock</b>", "28 May 16:40", person="Tom Whitlock", bubble="Third renewal this year; nobody else waits for it. Fine by me."),
    entry("<b>Jonas Weber</b> made this loan", "14 Apr 09:12", icon="plus"),
]  # fmt: skip

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
STRIP = {
    "label": "Membership in 2026: from 1 January to 15 September. Today is 9 June.", "width": 828,
    "months": [{"x": round(index * 69, 1), "label": name} for index, name in enumerate(MONTHS)],
    "spans": [{"x": 0, "width": 586, "tone": "good"}], "now_x": 361, "now_label": "Today", "marks": [{"x": 586, "label": "15 Sep, ends"}],
    "short": {
        "label": "Membership until 15 September", "width": 326, "months": [{"x": index * 54, "label": name} for index, name in enumerate(MONTHS[4:10])],
        "spans": [{"x": 0, "width": 242, "tone": "good"}], "now_x": 70, "now_label": "Today", "marks": [{"x": 242, "label": "15 Sep"}],
    },
}  # fmt: skip


def record() -> Context:
    loans = [
        {"cells": Markup('<td class="title"><a href="#">{}</a></td><td class="nowrap tab" data-label="From">{}</td><td class="nowrap tab" data-label="Until">{}</td><td>{}</td><td class="num">{}</td>').format(*row)}
        for row in [("L-00301 Harriet Lindqvist", "2 Feb 2026", "16 Mar 2026", chip("Returned", "good"), "0.00"), ("L-00188 Oakfield Practice", "1 Oct 2025", "31 Oct 2025", chip("Returned", "good"), "1.20")]
    ]  # fmt: skip
    return {
        "object": {"name": "loan", "label": "Loan", "plural": "Loans", "icon": "book-2"},
        "id": "1", "rev": 2, "api": "/api/records/loan/1",
        "title": "The Overstory, second copy", "number": "L-00431", "subtitle": [link("Harriet Lindqvist"), person("Tom Whitlock")],
        "status": {"label": "On loan", "tone": "info"},
        "transitions": [
            {"name": "renew", "label": "Renew", "href": "#", "ask_href": "#", "allowed": True, "reason": ""},
            {"name": "give_back", "label": "Return", "href": "#", "ask_href": "", "allowed": False, "reason": "Collect the fee first."},
        ],
        "facts": [
            {"label": "Branch", "html": "Northgate, floor 1"}, {"label": "Copy", "html": Markup('<span class="tab">B-10427</span>')},
            {"label": "Since", "html": "14 Apr 2026"}, {"label": "Due", "html": Markup('<span class="bad">7 Jun 2026, overdue 2 days</span>')},
            {"label": "Renewals", "html": "2 of 3"}, {"label": "Waiting", "html": link("1")},
        ],
        "notices": [
            {"tone": "good", "icon": "shield-check", "title": Markup("Membership until 15 Sep 2026 under {}").format(link("Family, line 3")),
             "text": "It was in force on 14 April, the day of this loan.", "action": action("Renew it"), "strip": STRIP},
        ],
        "sections": [
            {"name": "place", "label": "Place", "folded": False, "pairs": [pair("member", link("Harriet Lindqvist")), pair("book", link("The Overstory")), pair("branch", "Northgate"), pair("shelf", "F POW 2", dated=True)]},
            {"name": "terms", "label": "Terms", "folded": False, "pairs": [pair("due", "7 Jun 2026"), pair("clerk", person("Tom Whitlock")), pair("fee", why("3.10"), edit=False), pair("reminders", chip("By e-mail")), pair("deposit", ""), pair("notes", Markup('<div class="prosevalue">Cover is worn at the spine; it was so when it left.</div>'), wide=True)]},
            {"name": "system", "label": "System", "folded": True, "pairs": [pair("created", "14 Apr 2026 09:12, Jonas Weber", edit=False), pair("changed", "9 Jun 2026 09:21", edit=False)]},
        ],
        "clocks": [{"label": "Bring back", "state": "Running", "tone": "warn", "percent": 80, "text": "2 h left", "href": "#"}],
        "states": {"label": "Status: In 2 d, Lent 5 h.", "width": 828, "parts": [{"x": 0, "width": 700, "tone": "good", "title": "In, 2 d"}, {"x": 701, "width": 127, "tone": "warn", "title": "Lent, 5 h"}], "totals": [{"label": "In", "tone": "good", "text": "2 d", "current": False}, {"label": "Lent", "tone": "warn", "text": "5 h, since 09:00", "current": True}]},
        "tab": None,
        "related": [{"label": label, "count": count, "href": "#", "current": label == "Loans of this copy"} for label, count in [("Loans of this copy", 2), ("Reservations", 1), ("Fees", 3)]],
        "panel": {"columns": [column("loan"), column("from"), column("until"), column("status"), column("fee", "num")], "rows": loans, "all_href": "#", "new": action("New loan", "#", "plus"), "empty": "No other loans of this copy."},
        "timeline": {"entries": TIMELINE, "more_href": ""},
        "comment_href": "#", "composer": None, "replies": True,
        "files": {"items": [{"name": "slip-4471.pdf", "href": "#", "size": "212 kB", "preview": "", "field": "slip", "when": ""}], "upload_href": ""},
        "side": "timeline", "as_of": OTHER_DAY, "recalculating": "Earned",
    }  # fmt: skip


def w(kind: str, label: str, value: Any = "", **more: Any) -> Context:
    name = label.lower().replace(" ", "_")
    more["options"] = [{"when": "", **option} for option in more.get("options", ())]
    return {
        "kind": kind, "holds": FACES[kind].holds, "id": f"f-{name}", "name": name, "label": label, "value": value, "links": None, "required": False, "optional_note": True, "needed_note": False, "depends": "", "read_only": False, "hidden": False,
        "error": "", "help": "", "wide": kind == "long_text", "options": [], "selected": [], "search_url": "/lookup", "create_url": "", "quick_url": "", "targets": [], "places": [{"value": "{title}", "label": "Title"}] if kind == "long_text" else [],
        "files": [], "accept": "", "object": "", "unit": "", "currency": "EUR", "currencies": [], "format": "", "min": "", "max": "", "scale": 2, "autocomplete": "", "hint": "",
        "many": False, "three_state": False, "radio": False, "zone": "", "why": None, "depends_on": "", "create_label": "", "step": "", "day": "", "written": None, "yes": "Yes",
        "no": "No", **more,
    }  # fmt: skip


LEVELS = [
    {"value": "low", "label": "Only me"},
    {"value": "some", "label": "A few of us"},
    {"value": "all", "label": "The whole class"},
]
LANGUAGES = [
    {"value": code, "label": name}
    for code, name in [("en", "English"), ("fi", "Finnish"), ("de", "German"), ("pt", "Portuguese")]
]
WIDGETS = [
    w("text", "Title", "The Overstory", required=True),
    w("text", "E-mail", "harriet@example.org", format="email", hint="name@example.org"),
    w("number", "Pages", "502", min="1", max="9999", scale=0),
    w("money", "Deposit", "12.50"),
    w("boolean", "Reminders", "true", hint="Yes, by e-mail"),
    w("date", "Due", "2026-06-15", help="At most four weeks from today"),
    w("datetime", "Pick-up", "2026-06-15T13:00", zone="London"),
    w("duration", "Reading time", "1:30", help="Type 90m, 1.5h or 1:30"),
    w("choice", "Status", "on_loan", options=STATUS_OPTIONS),
    w("multi_choice", "Languages", ["en", "fi"], options=LANGUAGES),
    w("sequence", "Number", "L-00431", help="Given once, never reused"),
    w("calculated", "Fee", "3.10"),
    w("lookup", "Member", "1", selected=[{"value": "user:0", "label": "Ines Duarte"}], create_url="/new", quick_url="/quick", create_label="New member"),
    w("multi_lookup", "Books", [], many=True, selected=[{"value": "1", "label": "B-10427"}, {"value": "2", "label": "B-10431"}]),
    w("any_lookup", "Came from", "", object="loan", targets=[{"value": "loan", "label": "Loan"}, {"value": "member", "label": "Member"}]),
    w("person", "Clerk", "user:1", selected=[{"value": "user:1", "label": "Jonas Weber"}], help="A user, a team, or “me”"),
    w("file", "Photos", [], many=True, hint="PNG or JPEG, up to 10 MB", files=[{"id": "1", "name": "cover.jpg", "size": "212 kB", "href": "#", "preview": "/cover"}]),
    w("long_text", "Notes", "Cover is worn at the spine."),
]  # fmt: skip


def form(faulty: bool = False) -> Context:
    fields = [dict(item) for item in WIDGETS]
    if faulty:
        fields[0] |= {"value": "", "error": "Say the title"}
        fields[5] |= {
            "value": "2026-12-24",
            "error": "At most four weeks from today: 7 Jul 2026 or earlier",
        }
    return {
        "title": "New loan", "intro": "Number and fee are made by the system.", "action": "#", "submit": "Add the loan", "another": True, "cancel_href": "/list",
        "rev": "", "multipart": True, "logic": None, "hidden": [],
        "errors": [{"href": "#f-title", "message": "Say the title"}, {"href": "#f-due", "message": "Due is at most four weeks from today"}] if faulty else [],
        "sections": [
            {"name": "facts", "label": "Facts", "note": "", "one": False, "hidden": False, "fields": fields[:8]},
            {"name": "rest", "label": "Terms", "note": "", "one": False, "hidden": False, "fields": fields[8:]},
        ],
    }  # fmt: skip
