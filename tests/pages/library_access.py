"""The library's pages about access, translations, and apps from spreadsheets."""
# ruff: noqa: E501

from tests.pages.library import Context, page

COLUMN: Context = {
    "place": "0.0", "id": "0-0", "heading": "Titel", "label": "Title", "take": True, "kind": "words", "currency": "", "target": "", "unique": False,
    "remark": "", "samples": "Middlemarch, Stoner", "errors": [],
}  # fmt: skip
SHEET: Context = {
    "at": 0, "file": "Loans", "take": True, "label": "Loan", "plural": "Loans", "rows": "1,204", "errors": ["Row 18: The row has 5 cells."],
    "titles": [{"value": 0, "label": "Title", "chosen": True}],
    "columns": [
        COLUMN,
        COLUMN | {"place": "0.1", "id": "0-1", "heading": "Preis", "label": "Price", "kind": "amount", "currency": "EUR", "errors": ["Not “Money”: free."]},
        COLUMN | {"place": "0.2", "id": "0-2", "heading": "Kunde", "label": "Member", "kind": "link", "target": "sheet 1.Id", "remark": "Nearly all are numbers."},
    ],
}  # fmt: skip


ACCESS: Context = {
    "name": "Rosa Lind", "href": "#", "person_href": "#", "roles": [{"label": "Clerk", "href": "#", "through": ""}, {"label": "Reader", "href": "#", "through": "Clerk"}], "meta": ["Change roles, within their own rights."],
    "object": None, "choices": [{"value": "loan", "label": "Loans", "chosen": True}], "see_href": "#", "see_to": "/", "see_refused": "", "times": ["Amara Osei, 2 h ago"],
    "objects": [{"label": "Loans", "icon": "book-2", "href": "#", "cells": [{"label": "See", "tone": "good", "text": "all"}, {"label": "Create", "tone": "info", "text": "some"}, {"label": "Change", "tone": "", "text": "no"}]}],
}  # fmt: skip
ACCESS_OBJECT: Context = {
    "label": "Loans", "one": "loan", "list_href": "#", "record": {"title": "L-00431", "href": "#"},
    "rights": [{"label": "See", "verdict": "Yes", "tone": "good", "reasons": [{"text": "Clerk grants it for records where keeper is me. This record is one of them.", "tone": "good"}]}],
    "fields": [{"label": "Fee", "verdict": "Hidden", "text": "Clerk limits it, and no other role gives more."}],
}  # fmt: skip
TRANSLATIONS: Context = {
    "action": "#", "language": "de", "language_label": "German (de)", "languages": [{"value": "de", "label": "German (de)", "chosen": True}], "kinds": [{"value": "object", "label": "Object", "chosen": True}],
    "q": "", "only_missing": True, "count": 2, "missing": 1, "of": 2, "before_href": "#", "next_href": "#", "export_href": "#", "import_href": "#", "may_write": True, "error": "", "said": "2 texts saved.",
    "rows": [{"name": "w.object/loan#/label", "id": "w0", "place": "Loan", "base": "Loan", "text": "Ausleihe", "long": False}, {"name": "w.object/loan#/help", "id": "w1", "place": "Loan › Help", "base": "What is lent", "text": "", "long": True}],
}  # fmt: skip
INVITE: Context = {
    "action": "#", "addresses": "", "roles": [{"value": "clerk", "label": "Clerk", "chosen": True}], "sets": [{"name": "teams", "label": "Teams", "choices": [{"value": "1", "label": "Front desk"}]}],
    "mail": False, "error": "Paste at least one e-mail address.", "most": 100, "done": [{"email": "zoe@example.org", "said": "Zoë was added. Hand over this link:", "link": "https://example.org/1", "good": True}],
}  # fmt: skip


def spreadsheet(step: str) -> Context:
    return {
        "step": step, "action": "#", "back_href": "#", "error": "Choose a file first." if step == "file" else "", "upload": "u1,u2", "accept": ".csv", "more": [{"name": "asked", "value": 0}],
        "encoding": {"file_name": "loans.csv", "readings": [{"value": "cp1250", "label": "Central European", "lines": ["Łukasz"]}], "others": [{"value": "koi8_r", "label": "Russian"}]},
        "name": "loans.xlsx", "encodings": [{"name": "encoding.0", "value": "cp1250"}], "sheets": [SHEET, SHEET | {"at": 1, "file": "Members", "columns": []}],
        "kinds": [{"value": "words", "label": "Text"}, {"value": "amount", "label": "Money"}, {"value": "link", "label": "Look-up"}], "targets": [{"value": "sheet 1.Id", "label": "Member, by Id"}],
        "values": {"dates": "", "order_of": "03/05/2026", "has_dates": True, "numbers": True, "decimal": ".", "mark_of": ""},
        "lines": [{"tone": "good", "icon": "check", "text": "Makes the object Loan with 3 fields and imports 1,204 records."}], "ready": True, "faulty": "1", "group": "Lending",
        "made": [{"label": "Loans", "icon": "table", "href": "#", "studio_href": "#", "records": "1,204 records"}], "objects": "loan", "skipped": "1", "undo_href": "#",
    }  # fmt: skip


def access_pages() -> dict[str, tuple[str, Context]]:
    sheets = page("App from a spreadsheet", ("Studio", "/studio"), here="Studio")
    invites = page("Invite people", ("People", "#"), here="Studio")
    rights = page("What Rosa Lind may do", ("People", "#"), here="Studio")
    seen = rights | {"seen": {"name": "Rosa Lind", "end_href": "#"}}
    about = ACCESS | {"object": ACCESS_OBJECT, "objects": []}
    return {
        "access": ("access.html", {"page": rights, "access": ACCESS}),
        "access_object": ("access.html", {"page": seen, "access": about}),
        "rights_of_people": (
            "rights_of_people.html",
            {
                "page": rights,
                "rights": {
                    "title": "L-00431",
                    "one": True,
                    "back_href": "#",
                    "head": ["See"],
                    "people": [
                        {
                            "name": "Rosa Lind",
                            "roles": "Clerk",
                            "href": "#",
                            "cells": [{"label": "See", "tone": "good", "text": "yes"}],
                        }
                    ],
                },
            },
        ),
        "translations": ("translations.html", {"page": invites, "translations": TRANSLATIONS}),
        "new_package": (
            "new_package.html",
            {
                "page": invites,
                "package": {
                    "action": "#",
                    "label": "Our desk",
                    "name": "",
                    "version": "1.0.0",
                    "error": "Choose at least one document.",
                    "groups": [
                        {
                            "label": "Object",
                            "items": [
                                {
                                    "value": "object/loan",
                                    "label": "Loan",
                                    "about": "Changes what lending brings",
                                    "chosen": True,
                                }
                            ],
                        }
                    ],
                },
            },
        ),
        "people_invite": ("people_invite.html", {"page": invites, "invite": INVITE}),
    } | {
        f"spreadsheet_{step}": ("spreadsheet.html", {"page": sheets, "wizard": spreadsheet(step)})
        for step in ("file", "encoding", "plan", "made")
    }
