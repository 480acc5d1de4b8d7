"""The same library on boards, at home, in the studio and on every other page."""
# ruff: noqa: E501

from typing import Any

from markupsafe import Markup, escape

from tests.pages.library import (
    LEVELS,
    LOANS,
    NEW_LOAN,
    OTHER_DAY,
    STATES,
    WIDGETS,
    Context,
    action,
    avatar,
    chip,
    form,
    loan_list,
    page,
    record,
    w,
)
from tests.pages.library_access import access_pages

PACKAGES: Context = {
    "installed": [{"label": "Lending", "href": "#", "version": "1.4.0", "text": "20 documents, 2 of them changed here"}],
    "shipped": [{"label": "Reading room", "name": "reading", "about": "Seats and hours."}],
    "install_href": "#", "upload_href": "#", "new_href": "#", "error": "This needs lending >=2.", "may_write": True,
}  # fmt: skip
DRAFT = {
    "name": "Leaner form", "href": "#", "text": "Form loan_main", "when": "2 h ago", "tried": True,
}  # fmt: skip
APPROVAL = {
    "href": "#",
    "note": "Rule tell",
    "text": "rule/tell",
    "person": "Rosa Lind",
    "when": "2 h ago",
    "state": "Waiting",
    "tone": "warn",
    "said": "Rosa Lind · 2 h ago",
    "reason": "For the board.",
    "documents": [{"name": "rule/tell", "yaml": "kind: rule\nname: tell\n"}],
    "approve_href": "#",
    "refuse_href": "#",
    "ask_href": "#",
    "withdraw_href": "#",
    "tables": [
        {
            "title": "Beyond the author's rights",
            "text": "",
            "head": ["Document", "Part", "What"],
            "rows": [
                {"cells": ["rule/tell", "/when", "It reads loan.fee."], "take": ""},
            ],
            "form": None,
        }
    ],
}

TABS: list[Context] = [
    {"label": "Kept", "count": "12", "href": "#", "current": False},
    {"label": "Refused", "count": "2", "href": "#", "current": True},
    {"label": "Quarantined", "count": "1,000+", "href": "#", "current": False},
]
SUBMISSIONS: Context = {
    "form": "Wish for a book", "tabs": TABS, "about": "Answers that were not valid.", "days": 30, "state": "refused",
    "more": "#", "may_change": True, "address": "/submissions/wish",
    "items": [
        {"id": "1", "title": "Emma", "href": "#", "when": "2 h ago", "at": "2026-03-01T10:00:00Z", "tries": 3, "held": True,
         "reasons": ["E-mail: `nobody` is not an address."], "values": [{"label": "E-mail", "text": "nobody"}, {"label": "Book", "text": "Emma"}]},
        {"id": "2", "title": "Persuasion", "href": "", "when": "3 h ago", "at": "2026-03-01T09:00:00Z", "tries": 1, "held": False,
         "reasons": [], "values": []},
    ],
}  # fmt: skip
JOB: Context = {
    "title": "Undo the import of loans.csv", "href": "#", "person": "Rosa Lind", "when": "2 min ago", "state": "Running", "tone": "info", "running": True,
    "percent": 40, "text": "", "cancel_href": "#", "retry_href": "", "undo_href": "", "reasons": [],
}  # fmt: skip
JOBS: Context = {
    "title": "Jobs", "href": "#", "one": False, "running": True, "imports_href": "#",
    "items": [JOB, {**JOB, "title": "Recalculate Fee of loans", "href": "", "person": "", "percent": None, "text": "400 done", "cancel_href": ""}, {**JOB, "state": "Failed", "tone": "bad", "running": False, "percent": None, "text": "2 records are in the way.", "cancel_href": "", "retry_href": "#"}, {**JOB, "title": "Set Fee on loans", "state": "Done", "tone": "good", "running": False, "percent": None, "text": "Changed: 4, Refused: 1", "cancel_href": "", "undo_href": "#", "reasons": [{"id": "x", "title": "Emma", "reason": "It was changed again since."}]}],
}  # fmt: skip
IMPORT: Context = {
    "file": "loans.csv",
    "plural": "Loans",
    "list_href": "#",
    "person": "Rosa Lind",
    "when": "2 d ago",
    "text": "9,800 added, 3 skipped",
    "undone": False,
    "job_href": "",
    "undo_href": "#",
}
IMPORTS = [IMPORT, {**IMPORT, "undone": True}, {**IMPORT, "job_href": "#", "undo_href": ""}]

PACKAGE: Context = {
    "title": "Upgrade lending", "text": "From 1.4.0 to 1.5.0.", "links": [action("Download", "#", "download")],
    "tables": [{"title": "Conflicts", "text": "Both you and the app changed these.", "head": ["Document", "Part", "Was", "App", "Here", "Decide"], "rows": [{"cells": ["object/book", "Fields › Fee › Min", "0", "1", "2"], "take": "object/book#/fields/fee/min"}], "form": {"action": "#", "to": 7}}],
    "lists": [{"title": "Additions", "text": "", "tone": "", "items": ["view/all_books"]}],
    "form": {"action": "#", "hidden": [{"name": "upload", "value": "1"}], "button": "Upgrade", "busy": "Working", "danger": False, "force": "Also remove what needs it", "back_href": "#"},
}  # fmt: skip


ABOUT = {"object": "Loan", "title": "Emma", "href": "#"}
RUN_TABS = [
    {"label": "Runs", "href": "#", "count": "", "current": True},
    {"label": "Deliveries", "href": "#", "count": "3 failed", "current": False},
]
CHOICES = [{"value": "remind", "label": "Remind of overdue loans", "chosen": True}]
RUNS: Context = {
    "tabs": RUN_TABS, "action": "#", "rules": CHOICES, "outcomes": CHOICES, "record": {"id": "1", "label": "Emma"}, "clear_href": "#", "count": "1,000+", "more_href": "#",
    "items": [{"href": "#", "rule": "Remind", "about": ABOUT, "outcome": "Done", "tone": "good", "text": "It notifies Rosa Lind by e-mail.", "when": "10:00", "at": "2026-06-09T10:00:00Z"}],
}  # fmt: skip
RUN: Context = {
    "rule": "Remind", "rule_href": "#", "others_href": "#", "about": ABOUT, "outcome": "Failed", "tone": "bad", "when": "9 Jun 2026, 10:00", "hidden": "", "lines": ["The condition is met: level > 5", "It posts to desk."],
    "waiting": {"text": "It waits for the answer of desk.", "since": "10:00", "retry": action("Call again", "#"), "cancel": None},
    "effects": [{"icon": "mail", "text": Markup("Mails <b>Rosa Lind</b>"), "state": "Failed", "tone": "bad", "error": "550 no such mailbox", "lines": [], "href": "#", "again": {"label": "Send again", "href": "#", "icon": "", "method": "post", "danger": False, "ask_href": "", "reason": ""}}],
}  # fmt: skip
DELIVERY: Context = {
    "href": "#",
    "icon": "mail",
    "kind": "E-mail",
    "target": "Rosa Lind",
    "rule": "Remind",
    "about": ABOUT,
    "state": "Failed",
    "tone": "bad",
    "error": "550 no such mailbox",
    "attempts": "3 attempts",
    "when": "10:00",
    "at": "2026-06-09T10:00:00Z",
    "again": "#",
}
DELIVERIES: Context = {
    "tabs": RUN_TABS, "troubles": [{"text": "Front desk does not answer.", "href": "#", "link": "Its document", "button": "Send again now", "action": "#"}], "action": "#", "rules": CHOICES, "states": CHOICES, "kinds": CHOICES, "target": "desk", "clear_href": "#", "count": "1,000+", "failed": "1,000+", "again": "#", "kept": [{"name": "target", "value": "desk"}], "items": [DELIVERY], "more_href": "#",
}  # fmt: skip
DOCUMENT: Context = {
    "title": "My open loans", "kind": "View", "about": "A saved list.", "icon": "file-text", "from": "from Library 1.0",
    "plan": None, "plan_hint": "", "uses": [{"label": "Desk", "href": "#", "text": "Role, once"}], "may_write": True,
    "data": {}, "designer": True, "start": "This is a copy.",
}  # fmt: skip


def card(loan: tuple[str, ...]) -> Context:
    number, title, member, _, _, _, clerk, due, mood, fee = loan
    meta = [Markup('<span class="{}">{}</span>').format(mood, due)] + ([escape(fee)] if fee else [])
    return {
        "id": number, "rev": 1, "href": "/record", "title": title, "number": number, "colour": {"tone": "bad" if mood == "bad" else "info", "label": "Priority"},
        "badge": Markup('<span class="warn">3 waiting</span>') if number == "L-00418" else "", "lines": [member], "clocks": [], "meta": meta, "people": avatar(clerk),
    }  # fmt: skip


def board(lanes: bool) -> Context:
    rows = [("high", "Urgent", "bad"), ("normal", "Normal", "info")] if lanes else [("", "", "")]
    columns = []
    for index, name in enumerate(STATES):
        there = [loan for loan in LOANS if loan[3] == name]
        cells = [
            {"lane": lane, "cards": [card(loan) for loan in there if not lanes or (loan[8] == "bad") == (lane == "high")]}
            for lane, _, _ in rows
        ]  # fmt: skip
        over = index == 3
        columns.append({
            "value": name.lower().replace(" ", "_"), "label": name, "tone": "", "count": len(there), "limit": 3 if over else None, "over": 1 if over else 0,
            "blocks": False, "asks": False, "totals": f"{len(there) * 6} days · {len(there) * 0.4:.2f}", "new_href": "/form", "next_href": "", "cells": cells,
            "quick": {"api": "/api/records/loan", "field": "title", "values": {}, "lane": ""},
        })  # fmt: skip
    return {
        "name": "front_desk", "title": "Front desk", "summary": "11 loans · 63 days · 4.30 in fees", "object": {"name": "loan", "label": "Loan", "plural": "Loans"},
        "move_href": "/api/boards/front_desk/move",
        "quick": [{"label": "My branch", "href": "#", "on": True}, {"label": "Mine", "href": "#", "on": False}, {"label": "Due today", "href": "#", "on": False}],
        "lanes_label": "urgency" if lanes else "", "only": "The 100 columns used last" if lanes else "",
        "columns": columns,
        "lanes": [{"value": lane, "label": label, "tone": colour, "count": 3} for lane, label, colour in rows], "exact_href": "", "empty": None, "as_of": None,
        "made": "This board is new. Its columns are by status." if lanes else "", "change_href": "/studio/board/front_desk",
    }  # fmt: skip


def bars(*parts: tuple[float, str, str]) -> list[Context]:
    found, x = [], 0.0
    for width, colour, label in parts:
        found.append(
            {
                "x": x,
                "width": width - 0.8,
                "tone": colour,
                "label": label,
                "value": round(width),
                "total": "",
            }
        )
        x += width
    return found


def show_wide(label: str) -> bool:
    return label == "Front desk"


def pin(label: str, value: str, note: str, foot: str, **more: Any) -> Context:
    return {
        "label": label, "href": "/list", "show": "number", "value": value, "note": note, "note_tone": "", "foot": foot, "bars": [], "bars_label": foot,
        "points": "", "rows": [], "count": "", "name": label.lower(), "wide": show_wide(label), "earlier": None, "later": "other", "change_href": "", **more,
    }  # fmt: skip


def item(title: str, hint: str, when: str, mood: str = "", **more: Any) -> Context:
    return {
        "title": title,
        "href": "/record",
        "hint": hint,
        "state": "",
        "when": when,
        "tone": mood,
        "icon": "",
        "person": "",
        **more,
    }


HOME = {
    "heading": "Tuesday 9 June", "greeting": "Good morning, Amara. Three loans are due today and two members wait for an answer.",
    "pins": [
        pin("Overdue loans", "7", "2 more than yesterday", "2 urgent, 5 normal", note_tone="bad", bars=bars((28, "bad", ""), (72, "warn", ""))),
        pin("Open fees", "€184.20", "", "€21.80 is older than 30 days", bars=bars((50, "", ""), (38, "", ""), (12, "warn", ""))),
        pin("Front desk", "41", "open, 63 days", "11 requested · 9 held · 14 on loan", bars=bars((27, "", ""), (17, "", ""), (22, "", ""), (34, "", ""))),
        pin("Answered in time", "96 %", "4 points up", "12 weeks, target 92 %", note_tone="good", points="M0 32L20 26L40 35L60 23L80 20L100 29L120 17L140 20L160 14L180 23L200 11L220 8"),
    ],
    "work": [
        {"label": "Due", "count": 3, "items": [item("Call Harriet Lindqvist about The Overstory", "L-00431 · Northgate", "Overdue 2 days", "bad"), item("Check the returns of Castle Road School", "L-00429 · 12 books", "Today"), item("Shelve the June purchases", "Collection", "Fri 12 Jun", "faint")]},
        {"label": "Mentions", "count": 2, "items": [item("Tom Whitlock on L-00431", "@Amara nobody else waits for it. Shall we renew once more?", "08:42", person="Tom Whitlock"), item("Ines Duarte on B-10427", "@Amara two copies have no shelf mark.", "Yesterday", person="Ines Duarte")]},
    ],
    "lists": [
        pin("Loans by status", "", "", "", show="board", count="this month", bars=[{"label": name, "width": width, "value": value, "total": total, "tone": ""} for name, width, value, total in [("Requested", 100, 40, "€41.20"), ("Held", 75, 30, "€31.80"), ("On loan", 45, 18, "€20.10"), ("Returned", 23, 9, "€9.60")]]),
        pin("Memberships ending this month", "", "", "", show="list", count="5 of 214", rows=[{"title": name, "href": "#", "hint": hint, "value": when, "value_hint": "ends"} for name, hint, when in [("Harriet Lindqvist", "Family", "15 Jun"), ("Oakfield Practice", "Group", "21 Jun"), ("Brightwater Choir", "Group", "30 Jun")]]),
    ],
    "work_href": "/work", "arranging": False, "arrange_href": "#", "others": [{"name": "old", "label": "Old loans", "about": "Loans: a number"}],
}  # fmt: skip
OWN_PIN: Context = {
    "href": "/home/pins/overdue", "label": "Overdue loans", "show": "number", "shapes": {"number": "A number", "list": "The first records"},
    "measure": "count()", "measures": [{"value": "count()", "label": "How many loans"}], "by": "", "groups": [{"value": "status", "label": "Status"}],
    "days": [{"value": "created_at", "label": "Created"}], "roles": [{"value": "clerk", "label": "Clerk"}], "error": "", "preview": pin("Overdue loans", "7", "", "2 urgent"),
}  # fmt: skip
WORK = {
    "tabs": [{"label": "Everything", "count": "5", "href": "#", "current": True}, {"label": "Loans", "count": "3", "href": "#", "current": False}, {"label": "Mentions", "count": "2", "href": "#", "current": False}],
    "whose": [{"label": "Mine and my teams’", "href": "#", "current": True}, {"label": "Only mine", "href": "#", "current": False}],
    "sections": [{"tone": "bad" if at == 0 else "", "label": label, "count": 2, "items": [item("Call Harriet Lindqvist about The Overstory", "Loan · Northgate", "7 Jun", "bad")]} for at, label in enumerate(["Overdue", "No date"])],
    "more": [{"label": "All 1,000+ loans", "href": "/list"}],
}  # fmt: skip
NO_WORK = {"tabs": WORK["tabs"], "whose": [], "sections": [], "more": []}

KINDS = [
    ("Text and numbers", [("text", "Text", "letter-case", "e-mail=email phone=phone url=url code=code"), ("long_text", "Long text", "align-left", "markdown=markdown"), ("number", "Number", "number-123", "percent=percent"), ("money", "Money", "coin", "price")]),
    ("Choices", [("boolean", "Yes/No", "toggle-left", "switch"), ("choice", "Choice", "circle-chevron-down", "status"), ("multi_choice", "Multi-choice", "checks", "tags")]),
    ("Time", [("date", "Date", "calendar", "day"), ("datetime", "Date and time", "calendar-time", "moment"), ("duration", "Duration", "stopwatch", "hours")]),
    ("Links", [("lookup", "Look-up", "link", "relation"), ("multi_lookup", "Look-up, many", "link-plus", "relation"), ("any_lookup", "Look-up, any object", "arrows-join", "relation"), ("person", "Person", "user", "user team")]),
    ("Set by the system", [("sequence", "Record number", "hash", "id"), ("calculated", "Calculated", "calculator", "formula")]),
    ("Files", [("file", "File", "paperclip", "photo")]),
]  # fmt: skip
STUDIO_FIELDS = [
    ("Shelf mark", "shelf_mark", "Text", "letter-case", "", "0 %", "New"), ("Number", "number", "Record number", "hash", "L-{00000}", "100 %", "Library 1.0"),
    ("Title", "title", "Text", "letter-case", "required, searched", "100 %", "Library 1.0"), ("Member", "member", "Look-up to Member", "link", "required, keeps its loans", "100 %", "Library 1.0"),
    ("Branch", "branch", "Look-up to Branch", "link", "", "94 %", "Library 1.0"), ("Status", "status", "Choice", "circle-chevron-down", "6 options, 5 transitions", "100 %", "Library 1.0"),
    ("Due", "due", "Date", "calendar", "not before its start", "91 %", "Library 1.0"), ("Fee", "fee", "Calculated", "calculator", "Money, from days over", "", "Library 1.0"),
    ("Clerk", "clerk", "Person", "user", "user or team", "76 %", "Library 1.0"), ("Quiet", "quiet", "Yes/No", "toggle-left", "", "41 %", "Site"),
]  # fmt: skip
YAML = "kind: object\nname: loan\nextends: library\nfields:\n  - {name: quiet, kind: boolean}\n  - name: shelf_mark\n    label: Shelf mark\n    kind: text\n"


def studio(tab: str = "fields") -> Context:
    names = [("fields", "Fields", 10), ("layout", "Layout", 2), ("documents", "Views", 6), ("boards", "Boards", 1), ("rules", "Rules", 4), ("webforms", "Web forms", 1), ("roles", "Permissions", 5), ("uses", "Uses", 37), ("history", "History", 12)]  # fmt: skip
    return {
        "object": {"name": "loan", "label": "Loan", "plural": "Loans", "icon": "book-2"}, "about": "4,812 records · shipped by Library 1.0, customised here in 2 places",
        "api": "/api/meta/object/loan", "list_href": "/list", "add_href": "#", "add": {"label": "", "kind": "text", "error": ""},
        "tabs": [{"name": name, "label": label, "count": count, "href": "#", "current": name == tab} for name, label, count in names], "tab": tab,
        "fields": [dict(zip(("label", "name", "kind_label", "icon", "rule", "filled", "origin"), row, strict=True), kind="", kind_href="#", own=row[6] in ("New", "Site"), remove_href="#") for row in STUDIO_FIELDS],
        "kinds": [{"label": label, "kinds": [dict(zip(("name", "label", "icon", "words"), kind, strict=True)) for kind in kinds]} for label, kinds in KINDS],
        "objects": [{"value": "member", "label": "Member"}, {"value": "book", "label": "Book"}],
        "kind_options": {}, "columns": "name,due", "may_write": True,
        "plan": {"summary": "Add Shelf mark, a text, to Loan.", "note": "Instant", "lines": [{"tone": "good", "icon": "check", "text": "No record is rewritten; all 4,812 stay in use meanwhile."}, {"tone": "good", "icon": "check", "text": "It appears in the form, list, filters, cards, rules, exports and the API."}, {"tone": "good", "icon": "check", "text": "Nothing uses this name yet. Undo is one step and loses no other data."}]},
        "yaml": {"path": "objects/loan.yaml, site layer", "text": YAML, "href": "#", "error": "", "rows": 14},
        "layout": {"api": "#", "href": "#", "sections": [{"name": "facts", "label": "Facts", "fields": [{"name": row[1], "label": row[0], "icon": row[3]} for row in STUDIO_FIELDS[1:5]]}, {"name": "terms", "label": "Terms", "fields": [{"name": row[1], "label": row[0], "icon": row[3]} for row in STUDIO_FIELDS[5:8]]}], "unused": [{"name": row[1], "label": row[0], "icon": row[3]} for row in STUDIO_FIELDS[8:]]},
        "documents": {"title": "No views yet", "text": "A view is a saved filter with its columns.", "items": [{"label": "My open loans", "name": "my_open_loans", "hint": "status is not closed and clerk is me", "href": "#", "from": "Library 1.0"}], "new": action("New view", "#", "plus")},
    }  # fmt: skip


def webform(faulty: bool = False) -> Context:
    subject = w(
        "text", "In a few words", "" if faulty else "Every second page is blank", required=True
    )
    if faulty:
        subject["error"] = "Say in a few words what is wrong"
    return {
        "title": "What is the matter?", "intro": "", "action": "#", "embedded": False, "multipart": True, "logic": None, "sheet": "/forms/look/0a6885.css", "brand": {"name": "Northgate Library", "initials": "NL", "note": "Desk open until 18:00", "logo": ""},
        "fields": [subject, w("choice", "How many readers wait", "some", options=LEVELS, radio=True, required=True), w("text", "Book", "B-10427, The Overstory", read_only=True, required=True, help="Known from the code on its label."), w("file", "Photo", hint="PNG or JPEG, up to 10 MB")],
        "errors": [{"href": "#f-in_a_few_words", "message": "Say in a few words what is wrong"}] if faulty else [],
        "steps": [{"label": "You", "state": "done"}, {"label": "The matter", "state": "now"}, {"label": "Check and send", "state": ""}], "number": 2, "count": 3, "last": False, "back": True,
        "hidden": [], "honeypot": "website", "summary": [], "submit": "",
    }  # fmt: skip


VALUES = {"dates": "", "order_of": "03/05/2026", "numbers": True, "decimal": ".", "mark_of": "1,234", "lengths": True, "unit": "", "length_of": "8", "broken": True, "spaces": True, "asks": "dates decimal durations"}  # fmt: skip
READING = {
    "read_as": "{}", "encoding": "utf-8", "encodings": [{"value": "utf-8", "label": "Unicode (UTF-8)"}, {"value": "cp1250", "label": "Central European (Windows-1250)"}],
    "delimiter": ";", "delimiters": [{"value": ";", "label": "Semicolon (;)"}, {"value": "tab", "label": "Tab"}], "sheet": "", "sheets": [], "headings": 3,
    "rows": [{"number": 1, "cells": ["Loans of May", "", ""], "heads": False}, {"number": 3, "cells": ["Titel", "Kunde", "Frist"], "heads": True}, {"number": 4, "cells": ["Middlemarch", "Castle Road School", "15/06/2026"], "heads": False}],
}  # fmt: skip


def wizard(step: str) -> Context:
    order = ["file", "map", "preview", "done"]
    labels = ["File", "Columns", "Look", "Done"]
    at = order.index("file" if step == "encoding" else step)
    fields = [
        {"value": name, "label": name.capitalize(), "required": name == "title"}
        for name in ("title", "member", "due", "branch")
    ]
    return {
        "object": {"name": "loan", "label": "Loan", "plural": "Loans"}, "step": step, "action": "#", "back_href": "#", "upload": "u1",
        "steps": [{"label": label, "state": "done" if index < at else "now" if index == at else ""} for index, label in enumerate(labels)],
        "file": {"accept": ".csv,.xlsx", "sample_href": "#", "error": ""},
        "map": {"file_name": "loans.csv", "rows": 10000, "columns": [{"index": index, "header": header, "sample": sample, "field": field} for index, (header, sample, field) in enumerate([("Titel", "Middlemarch", "title"), ("Kunde", "Castle Road School", "member"), ("Frist", "15/06/2026", "due"), ("Bemerkung", "?", "")])], "fields": fields, "values": VALUES, "empty": "?", "key": ["title"], "empty_cells": "keep", "unnamed": ["E"], "error": "", "reading": READING},
        "encoding": {"file_name": "loans.csv", "readings": [{"value": "cp1250", "label": "Central European (Windows-1250)", "lines": ["Łukasz Żółć;Přerov"]}, {"value": "cp1252", "label": "Western European (Windows-1252)", "lines": ["£ukasz ¯ó³æ;Pøerov"]}], "others": [{"value": "koi8_r", "label": "Russian (KOI8-R)"}]},
        "preview": {"skipped": ["Regal"], "created": "9,812", "updated": "170", "unchanged": "16", "faulty": 2, "faults": 2, "error": "", "errors": [{"row": 18, "column": "Frist", "value": "31/02/2026", "message": "February 2026 has 28 days"}, {"row": 204, "column": "Kunde", "value": "Castel Road", "message": "No member of this name; near: Castle Road School"}], "warnings": [{"row": 30, "column": "Titel", "message": "Row 7 has the same key: what this row says replaces what that one said."}], "headers": ["Title", "Member", "Due"], "rows": [["Middlemarch", "Castle Road School", "15 Jun 2026"], ["Stoner", "Oakfield Practice", "18 Jun 2026"]], "options": "{}"},
        "more": [],
        "done": {"created": "9,812", "updated": "170", "unchanged": "16", "skipped": 2, "again": False, "list_href": "/list", "undo_href": "#", "batch": "b1"},
    }  # fmt: skip


CALLS = [
    {"id": "list", "verb": "GET", "path": "/api/records/loan", "summary": "A page of loans", "text": "Filter with where=, sort with sort=, follow next.", "parameters": [{"name": "where", "place": "query", "required": False, "type": "expression", "text": "Which loans"}, {"name": "limit", "place": "query", "required": False, "type": "integer", "text": "At most 500"}], "body": "", "answers": [{"status": 200, "text": "The page", "sample": '{"data": [], "next": null}'}]},
    {"id": "create", "verb": "POST", "path": "/api/records/loan", "summary": "Add a loan", "text": "", "parameters": [], "body": '{"title": "Middlemarch"}', "answers": [{"status": 201, "text": "Made", "sample": ""}]},
    {"id": "patch", "verb": "PATCH", "path": "/api/records/loan/{id}", "summary": "Change some fields", "text": "", "parameters": [], "body": "", "answers": []},
    {"id": "delete", "verb": "DELETE", "path": "/api/records/loan/{id}", "summary": "Move to the bin", "text": "", "parameters": [], "body": "", "answers": []},
]  # fmt: skip
ERRORS = {
    "icon": "lock", "status": 403, "title": "You may not see the fee of a loan", "text": "The role Volunteer hides it.", "faults": [], "hint": "Ines Duarte can grant it.", "search_href": "",
    "actions": [action("Back to the list", "/list"), action("Explain access")], "code": "7f3a-19c2 · 9 Jun 10:42:07",
}  # fmt: skip
CONFLICT = {
    "title": "Priya changed the same field while you were writing", "text": "Your other two changes are kept. Only Status needs a decision.", "action": "#", "rev": 4,
    "fields": [{"name": "status", "label": "Status", "was": chip("Held"), "theirs": chip("Returned", "good"), "yours": chip("On loan", "info"), "theirs_by": "Priya Nair", "theirs_when": "10:41", "value": "on_loan"}],
    "kept": [], "back_href": "#",
}  # fmt: skip
ASK = {
    "title": "Give back", "record": "L-00431 The Overstory", "action": "#", "api": "#", "asked": ".asked", "rev": 4, "back_href": "#",
    "fields": [WIDGETS[0], WIDGETS[5]], "errors": [{"href": "", "message": "Give back needs this: fill in Shelf."}], "multipart": False, "usual": "",
}  # fmt: skip
PROFILE = {
    "zone_action": "#", "zones": ["Europe/London", "UTC"], "business_zone": "UTC",
    "language_action": "#", "languages": [{"value": "en", "label": "English", "chosen": True}, {"value": "de", "label": "Deutsch", "chosen": False}],
    "error": "", "password_action": "#", "min_length": 10,
    "calendar": {"on": True, "since": "3 May 2026", "address": "", "action": "#"},
    "second": {"on": True, "since": "3 May 2026", "left": 9, "href": "#"},
    "sessions": [{"where": "Firefox on Linux", "made": "09:20", "current": True, "end_href": "#"}, {"where": "iPhone", "made": "Yesterday", "current": False, "end_href": "#"}],
    "name": "Amara Osei", "email": "amara.osei@northgate.example", "roles": ["Administrator", "Desk"], "teams": ["Front desk"], "zone": "Europe/London", "locale": "English", "new_token": "flv_3b1f0c5e9a7d42b8",
    "tokens": [{"id": "1", "name": "Night export", "prefix": "flv_91", "scopes": "read records", "made": "", "used": "today 02:00", "expires": "1 Sep 2026", "revoke_href": "#"}],
    "assistants": {"address": "https://library.example/mcp", "choices": [{"value": "records:read", "label": "Read records"}, {"value": "records:read,records:write", "label": "Read and change records"}]},
    "action": "#", "scopes": [{"value": "records:read", "label": "Read records"}, {"value": "records:write", "label": "Write records"}, {"value": "meta:read", "label": "Read definitions"}],
}  # fmt: skip
INBOX = {
    "read_all": "#", "next_href": "#",
    "items": [{"id": "1", "title": "L-00431 is overdue", "href": "#", "text": "The Overstory was due on 7 June.", "when": "09:21", "icon": "bolt", "person": "", "unread": True}, {"id": "2", "title": "Tom Whitlock mentioned you", "href": "#", "text": "@Amara nobody else waits for it.", "when": "08:42", "icon": "", "person": "Tom Whitlock", "unread": True}, {"id": "3", "title": "Import of 9,982 loans is done", "href": "#", "text": "", "when": "Yesterday", "icon": "upload", "person": "", "unread": False}],
}  # fmt: skip
SEARCH = {
    "query": "over", "action": "#", "as_of": OTHER_DAY,
    "groups": [{"label": "Loans", "icon": "book-2", "count": 2, "href": "#", "results": [{"title": "L-00431 The Overstory", "href": "#", "hint": "Harriet Lindqvist · On loan"}, {"title": "L-00301 The Overstory", "href": "#", "hint": "Harriet Lindqvist · Returned"}]}, {"label": "Books", "icon": "book", "count": 1, "href": "", "results": [{"title": "The Overstory", "href": "#", "hint": "Richard Powers, 2018"}]}],
}  # fmt: skip
PEOPLE = {
    "mail": True, "link": "", "link_of": "", "said": "", "error": "", "min_length": 10, "more_href": "", "invite_href": "#",
    "items": [{"name": "Zoë Ünal", "email": "zoe@example.org", "roles": "Clerk", "href": "#", "status": "Invited", "tone": "info", "detail": "Link created: 09:59.", "sessions": 1, "second": True, "teams": "Desk", "active": True, "active_href": "#", "access_href": "#", "edit_href": "#", "action": "/studio/people/1"}],
}  # fmt: skip
STUDIO_HOME = {
    "slow_href": "/studio/slow", "people_href": "/studio/people", "spreadsheet_href": "#", "drafts_href": "#",
    "shared": [{"label": "Roles", "about": "Who may do what.", "new_href": "#",
                "items": [{"label": "Clerk", "href": "#", "from": "Library 1.0"}]}],
    "objects": [{"label": label, "name": label.lower(), "icon": icon, "href": "/studio_object", "fields": count, "records": f"{records} records", "from": origin} for label, icon, count, records, origin in [("Loan", "book-2", 10, "4,812", "Library 1.0"), ("Book", "book", 14, "21,300", "Library 1.0"), ("Member", "users", 12, "2,140", "Library 1.0"), ("Branch", "building", 6, "5", "Library 1.0"), ("Reading room", "armchair", 4, "9", "Site")]],
    "groups": ["Lending", "Collection"], "icons": ["box", "book", "users"], "new_href": "#", "create_href": "#", "error": "", "label": "", "open": False,
}  # fmt: skip


def pages() -> dict[str, tuple[str, Context]]:
    lending = ("Lending", "/home")
    menu = [action("Export as CSV", "#", "download"), action("Import", "/import_file", "upload"), action("Fields and views", "/studio_object", "adjustments-horizontal")]  # fmt: skip
    loans = page("Loans", lending, here="Loans", primary=NEW_LOAN, menu=menu)
    desk = page("Front desk", lending, here="Front desk", primary=NEW_LOAN, menu=menu)
    new = page("New loan", lending, ("Loans", "/list"), here="Loans")
    build = page("Loan", ("Studio", "/studio"), here="Studio")
    plain = page("Sign in")
    imports = page("Import", ("Loans", "/list"), here="Loans")
    found: dict[str, tuple[str, Context]] = {
        "home": ("home.html", {"page": page("Home", here="Home", primary=action("New loan", "/form", "plus")), "home": HOME}),
        "my_work": ("my_work.html", {"page": page("My work", here="My work"), "work": WORK}),
        "no_work": ("my_work.html", {"page": page("My work", here="My work"), "work": NO_WORK}),
        "ask": ("ask.html", {"page": page("Give back"), "ask": ASK}),
        "list": ("list.html", {"page": loans, "list": loan_list()}),
        "empty": ("list.html", {"page": page("Reservations", lending, here="Reservations"), "list": loan_list(empty=True)}),
        "record": ("record.html", {"page": page("L-00431", lending, ("Loans", "/list"), here="Loans", menu=menu, primary=action("Edit", "/form", "pencil")), "record": record()}),
        "form": ("record_form.html", {"page": new, "form": form()}),
        "form_errors": ("record_form.html", {"page": new, "form": form(faulty=True)}),
        "home_arranged": ("home.html", {"page": page("Home", here="Home"), "home": HOME | {"arranging": True, "arrange_href": ""}}),
        "own_pin": ("own_pin.html", {"page": page("Overdue loans", ("Home", "/")), "own": OWN_PIN}),
        "board": ("board.html", {"page": desk, "board": board(lanes=False)}),
        "board_lanes": ("board.html", {"page": desk, "board": board(lanes=True)}),
        "studio": ("studio.html", {"page": page("Studio", here="Studio"), "studio": STUDIO_HOME}),
        "studio_object": ("studio_object.html", {"page": build, "studio": studio()}),
        "studio_layout": ("studio_object.html", {"page": build, "studio": studio("layout")}),
        "studio_documents": ("studio_object.html", {"page": build, "studio": studio("documents")}),
        "studio_document": ("studio_document.html", {"page": build, "studio": {**studio(), **DOCUMENT}}),
        "packages": ("packages.html", {"page": page("Packages"), "packages": PACKAGES}),
        "package": ("package.html", {"page": page("Lending"), "package": PACKAGE}),
        "slow": ("slow_questions.html", {"page": page("Slow questions"), "slow": {"limit": "500 ms", "action": "#", "items": [{"object": "Loans", "name": "loan", "text": "A list, where state == '…', by due", "times": 12, "worst": "1,240 ms", "last": "2 h ago", "index": "State, Due", "fields": "state,due", "why": ""}]}}),
        "rule_runs": ("rule_runs.html", {"page": page("Rule runs"), "runs": RUNS}),
        "rule_run": ("rule_run.html", {"page": page("Remind"), "run": RUN}),
        "deliveries": ("deliveries.html", {"page": page("What rules sent"), "deliveries": DELIVERIES}),
        "delivery": ("delivery.html", {"page": page("E-mail to Rosa Lind"), "delivery": {**DELIVERY, "address": "rosa@example.org", "rule_href": "#", "done": "", "next": "9 Jun 2026, 10:00", "answer": "550 no", "subject": "Due", "text": "It is due.", "body": ""}}),
        "given_up": ("given_up.html", {"page": page("Events given up"), "given_up": {"tabs": RUN_TABS, "count": "1", "again": "#", "items": [{"about": ABOUT, "event": "Updated", "rule": "", "error": "It broke.", "when": "10:00", "at": "2026-06-09T10:00:00Z", "again": "#"}]}}),
        "history": ("revisions.html", {"page": page("History"), "revisions": {"items": [{"number": 3, "href": "#", "note": "Field Shelf of book", "text": "object/book", "person": "Rosa Lind", "when": "2 h ago", "back_href": "#"}], "under_way": [{"note": "Upgrade lending 1.1.0", "text": "500 of 9,000 values copied"}]}}),
        "jobs": ("jobs.html", {"page": page("Jobs"), "jobs": JOBS}),
        "imports": ("imports.html", {"page": page("Imports"), "imports": {"jobs_href": "#", "items": IMPORTS}}),
        "approvals": ("approvals.html", {"page": page("Approvals"), "approvals": {"items": [APPROVAL]}}),
        "approval": ("approval.html", {"page": page("Rule tell"), "approval": APPROVAL}),
        "drafts": ("drafts.html", {"page": page("Drafts") | {"draft": {"name": "Leaner form", "fault": "", "href": "#", "stop_href": "#"}}, "drafts": {"items": [DRAFT], "error": "", "name": "", "action": "#"}}),
        "draft": ("draft.html", {"page": page("Leaner form"), "draft": {**DRAFT, "empty": False, "error": "", "fault": "", "changed": ["the form of loans"], "plan": None, "table": APPROVAL["tables"][0]}}),
        "notifications": ("notifications.html", {"page": page("Notifications"), "inbox": INBOX}),
        "search": ("search.html", {"page": page("Search"), "search": SEARCH}),
        "profile": ("profile.html", {"page": page("Profile"), "profile": PROFILE}),
        "error": ("error.html", {"page": page("Not allowed"), "error": ERRORS}),
        "error_bare": ("error_bare.html", {"page": plain, "error": ERRORS}),
        "conflict": ("conflict.html", {"page": new, "conflict": CONFLICT}),
        "docs": ("docs.html", {"page": page("API", here="API"), "docs": {"version": "3.1", "spec_href": "#", "intro": "What other systems may do, trimmed to what you may do.", "groups": [{"name": "loan", "label": "Loans", "calls": CALLS}]}}),
        "patterns": ("patterns.html", {"page": page("Patterns"), "fields": WIDGETS, "record": record()}),
        "sign_in": ("sign_in.html", {"page": plain, "sign_in": {"title": "Sign in to Northgate Library", "host": "library.fluvial.example", "action": "#", "email": "", "next": "", "error": "", "token": "", "forgot_href": "#", "single_sign_on": "#", "single_sign_on_label": "Single sign-on", "sample": {"password": "sample-people", "people": [{"email": "amara@northgate.example", "name": "Amara Osei", "roles": "Librarian"}]}}}),
        "forgot": ("forgot.html", {"page": plain, "forgot": {"action": "#", "email": "", "error": "", "sent": False, "back_href": "#"}}),
        "choose_password": ("choose_password.html", {"page": plain, "choose": {"action": "#", "email": "zoe@example.org", "name": "Zoë Ünal", "min_length": 10, "error": "", "valid": True, "forgot_href": "#", "back_href": "#"}}),
        "people": ("people.html", {"page": page("People"), "people": PEOPLE}),
        "webform": ("webform.html", {"page": plain, "webform": webform()}),
        "webform_errors": ("webform.html", {"page": plain, "webform": webform(faulty=True)}),
        "submissions": ("submissions.html", {"page": page("Submissions"), "submissions": {"days": 30, "forms": [{"label": "Wish for a book", "href": "#", "object": "Wishes", "counts": TABS}]}}),
        "submissions_of": ("submissions_of.html", {"page": page("Submissions of Wish"), "submissions": SUBMISSIONS}),
        "arrived_mails": ("arrived_mails.html", {"page": page("Incoming mail"), "mails": {
            "tabs": TABS[:1], "troubles": [{"label": "Front desk", "error": "The mail server said: no"}], "more": "#",
            "items": [{"title": "A question", "href": "#", "sender": "ann@example.org", "mailbox": "Front desk", "outcome": "Failed", "tone": "bad", "reason": "/status: not one of them", "when": "2 h ago", "at": "2026-06-01T10:00:00Z", "again": "#"}]}}),
        "submission": ("submission.html", {"page": page("Refused answers"), "submission": {"title": "Refused answers", "when": "2 h ago", "reasons": ["E-mail is not valid."], "action": "#", "delete": "#", "submit": "Create the wish", "cancel_href": "#", "errors": [], "fields": WIDGETS[:6], "pairs": [], "files": True}}),
        "webform_done": ("webform_done.html", {"page": plain, "done": {"title": "Thank you", "message": "Your number is L-00440. We answer by tomorrow at noon.", "embedded": False, "sheet": "", "brand": {"name": "Northgate Library", "initials": "NL", "note": "", "logo": ""}, "again_href": "#"}}),
    }  # fmt: skip
    for step in ("file", "encoding", "map", "preview", "done"):
        found[f"import_{step}"] = ("import.html", {"page": imports, "wizard": wizard(step)})
    for name, widget in [
        ("edit_member", WIDGETS[12]),
        ("edit_due", WIDGETS[5]),
        ("edit_shelf", WIDGETS[0]),
        ("edit_branch", WIDGETS[8]),
    ]:
        found[name] = ("_edit_field.html", {"w": widget})
    return found | access_pages()


PAGES = pages()
