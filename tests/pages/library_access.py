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


def spreadsheet(step: str) -> Context:
    return {
        "step": step, "action": "#", "back_href": "#", "error": "Choose a file first." if step == "file" else "", "upload": "u1,u2", "accept": ".csv", "more": [{"name": "asked", "value": 0}],
        "encoding": {"file_name": "loans.csv", "readings": [{"value": "cp1250", "label": "Central European", "lines": ["Łukasz"]}], "others": [{"value": "koi8_r", "label": "Russian"}]},
        "name": "loans.xlsx", "encodings": [{"name": "encoding.0", "value": "cp1250"}], "sheets": [SHEET, SHEET | {"at": 1, "file": "Members", "columns": []}],
        "kinds": [{"value": "words", "label": "Text"}, {"value": "amount", "label": "Money"}, {"value": "link", "label": "Look-up"}], "targets": [{"value": "sheet 1.Id", "label": "Member, by Id"}],
        "values": {"dates": "", "order_of": "03/05/2026", "has_dates": True, "numbers": True, "decimal": ".", "mark_of": ""},
        "lines": [{"tone": "good", "icon": "check", "text": "Makes the object Loan with 3 fields and imports 1,204 records."}], "ready": True, "faulty": "1", "group": "Lending",
        "made": [{"label": "Loans", "icon": "table", "href": "#", "studio_href": "#", "records": "1,204"}], "objects": "loan", "skipped": "1", "undo_href": "#",
    }  # fmt: skip


def access_pages() -> dict[str, tuple[str, Context]]:
    sheets = page("App from a spreadsheet", ("Studio", "/studio"), here="Studio")
    return {
        f"spreadsheet_{step}": ("spreadsheet.html", {"page": sheets, "wizard": spreadsheet(step)})
        for step in ("file", "encoding", "plan", "made")
    }
