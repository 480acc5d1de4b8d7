"""Renders every page template with the data of a small library, for looking at and for screenshots.

    .venv/bin/python scripts/preview_templates.py [--serve PORT] [FOLDER]

Writes FOLDER/*.html (/tmp/preview). With --serve the pages are served with their assets under the
strict content policy of the product, with small answers of the API, so that scripts can be tried.
"""

import argparse
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "platform")]

from jinja2 import StrictUndefined  # noqa: E402

from fluvial.http.assets import JOINED, STATIC  # noqa: E402
from fluvial.pages.template_environment import environment  # noqa: E402
from tests.pages.library_pages import PAGES  # noqa: E402

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
FEATURES = [
    ROOT / name / "templates"
    for name in ("conversations", "forms", "kanban", "ledger", "processes", "reports")
]
MEDIA = {
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".css": "text/css",
    ".woff2": "font/woff2",
}
PEOPLE = [
    {"value": f"user:{number}", "label": name, "hint": hint}
    for number, (name, hint) in enumerate(
        [("Ines Duarte", "Front desk"), ("Jonas Weber", "Archive"), ("Priya Nair", "Children")]
    )
]


def render(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    env = environment(FEATURES)
    env.undefined = StrictUndefined
    for name, (template, context) in PAGES.items():
        text = env.get_template(template).render(**context)
        (folder / f"{name}.html").write_text(text, encoding="utf-8")


class Preview(BaseHTTPRequestHandler):
    """Pages, assets, and answers that look like the API's."""

    folder = Path("/tmp/preview")

    def reply(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(body)

    def json(self, status: int, content: object) -> None:
        self.reply(status, "application/json", json.dumps(content).encode())

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        path = address.path
        joined = JOINED.get(path.removeprefix("/static/"))
        if joined is not None:
            return self.reply(200, "text/css", joined())
        file = STATIC / path.removeprefix("/static/")
        if path.startswith("/static/") and file.is_file():
            return self.reply(200, MEDIA.get(file.suffix, "text/plain"), file.read_bytes())
        if path == "/lookup" or path == "/search.json":
            asked = parse_qs(address.query).get("q", [""])[0].lower()
            return self.json(
                200, {"results": [item for item in PEOPLE if asked in item["label"].lower()]}
            )
        page = self.folder / f"{path.strip('/') or 'home'}.html"
        if page.is_file():
            return self.reply(200, "text/html; charset=utf-8", page.read_bytes())
        return self.reply(404, "text/plain", b"Not found")

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "/move" in self.path and b'"returned"' in body:
            return self.json(422, {"detail": "A reservation is open on it. Close it first."})
        if self.path.startswith("/api/records/loan/1") and b"member" in body:
            sides = {"base": {"member": "user:0"}, "theirs": {"member": "user:2"}}
            return self.json(409, {**sides, "yours": json.loads(body), "detail": "Changed."})
        if self.path.startswith("/api/records/loan/1") and b"shelf" in body:
            fault = {
                "pointer": "/shelf",
                "code": "pattern",
                "message": "A shelf mark looks like F POW 2.",
            }
            return self.json(422, {"detail": "One field.", "errors": [fault]})
        if "plan=true" in self.path:
            operation = {"op": "add_column", "class": "instant", "uses": [], "undo": True}
            return self.json(200, {"operations": [operation]})
        return self.json(200, {"id": "1", "rev": 3})

    do_POST = do_PATCH = do_DELETE = answer

    def log_message(self, *given: object) -> None:
        """Quiet."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path("/tmp/preview"))
    parser.add_argument("--serve", type=int, metavar="PORT")
    given = parser.parse_args()
    render(given.folder)
    print(f"{len(PAGES)} pages in {given.folder}")
    if given.serve:
        Preview.folder = given.folder
        print(f"http://127.0.0.1:{given.serve}/home")
        ThreadingHTTPServer(("127.0.0.1", given.serve), Preview).serve_forever()


if __name__ == "__main__":
    main()
