"""Bodies of forms, and the documents of a small library that lends and mends."""

from typing import Any

Part = tuple[str, str] | tuple[str, str, str, bytes]  # name, value; name, file name, type, bytes

LOAN: dict[str, Any] = {
    "kind": "object",
    "name": "wish",
    "title": "{number} {book}",
    "fields": [
        {"name": "number", "kind": "sequence", "pattern": "W-{000}"},
        {"name": "book", "kind": "text", "required": True, "max_length": 40},
        {"name": "email", "kind": "text", "format": "email"},
        {"name": "wanted", "kind": "date"},
        {"name": "loud", "kind": "boolean"},
        {"name": "genres", "kind": "multi_choice",
         "options": [{"name": "crime"}, {"name": "travel"}]},
        {"name": "note", "kind": "long_text"},
        {"name": "scan", "kind": "file", "many": True, "accept": ["image/png"], "max_size": "1KB"},
        {"name": "source", "kind": "choice", "options": [{"name": "web"}, {"name": "desk"}]},
        {"name": "branch", "kind": "lookup", "to": "branch", "inverse": "wishes"},
        {"name": "secret", "kind": "text"},
    ],
}  # fmt: skip
BRANCH: dict[str, Any] = {
    "kind": "object",
    "name": "branch",
    "fields": [{"name": "name", "kind": "text", "required": True}],
}
WISH: dict[str, Any] = {
    "kind": "webform",
    "name": "wish_for_a_book",
    "label": "Wish for a book",
    "object": "wish",
    "slug": "wish-for-a-book",
    "origins": ["https://www.example.com"],
    "steps": [
        {"name": "you", "fields": [{"field": "email", "label": "Your e-mail", "required": True}]},
        {"name": "book", "fields": [
            {"field": "book", "label": "Which book"}, {"field": "wanted"}, {"field": "loud"},
            {"field": "genres"}, {"field": "note"}, {"field": "scan"}]},
    ],
    "fixed": {"source": "web"},
    "prefill": ["branch"],
    "spam": {"min_seconds": 0},
    "done": {"message": "Thank you. Your number is {number}."},
}  # fmt: skip
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
ADDRESS = "/forms/wish-for-a-book"


def multipart(*parts: Part) -> tuple[bytes, dict[str, str]]:
    """A multipart body and its headers."""
    body = b""
    for part in parts:
        head = f'--cut\r\nContent-Disposition: form-data; name="{part[0]}"'
        if len(part) == 2:
            body += f"{head}\r\n\r\n{part[1]}\r\n".encode()
        else:
            head += f'; filename="{part[1]}"\r\nContent-Type: {part[2]}'
            body += head.encode() + b"\r\n\r\n" + part[3] + b"\r\n"
    return body + b"--cut--\r\n", {"content-type": "multipart/form-data; boundary=cut"}
