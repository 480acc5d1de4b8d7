"""Every template renders with the preview's data, and keeps the rules that all pages share."""

import json
import re
from pathlib import Path

import pytest
from jinja2 import StrictUndefined

from fluvial.http.assets import ALONE, STATIC, slim, studio_stylesheet, stylesheet
from fluvial.pages.template_environment import environment, initials
from tests.pages.library import FOLDERS, ROOT
from tests.pages.library_pages import PAGES

TEMPLATES = [
    path
    for folder in (ROOT / "platform" / "fluvial" / "pages" / "templates", *FOLDERS)
    for path in sorted(folder.rglob("*.html"))
]
FORBIDDEN = {
    "a style attribute": r"<[^>]+\sstyle=",
    "an inline handler": r"<[^>]+\son[a-z]+=",
    "an inline script": r"<script(?![^>]*(src=|type=\"application/json\"))",
    "an unkind word": r">[^<]*\b([Pp]lease|[Ii]nvalid)\b[^<]*<",
    "a value that is not there": r">\s*(None|Undefined)\s*<",
}


def render(name: str) -> str:
    env = environment(FOLDERS)
    env.undefined = StrictUndefined
    template, context = PAGES[name]
    return env.get_template(template).render(**context)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_page_renders_and_keeps_the_content_policy(name: str) -> None:
    text = render(name)
    for fault, pattern in FORBIDDEN.items():
        found = re.search(pattern, text)
        allowed = fault.startswith("a value") and found and "<option" in text
        assert found is None or allowed, f"{name} holds {fault}: {found and found[0][:120]}"
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids)), sorted({each for each in ids if ids.count(each) > 1})


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_template_says_what_it_gets(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("{#"), "the first lines name what it gets"


def test_every_icon_of_the_templates_and_scripts_is_in_the_sprite() -> None:
    known = set(json.loads((ROOT / "front" / "icons.json").read_text(encoding="utf-8")))
    named: set[str] = set()
    for path in [*TEMPLATES, *(ROOT / "front").glob("*.js")]:
        named.update(re.findall(r'\bicon\("([a-z0-9-]+)"', path.read_text(encoding="utf-8")))
    assert named <= known, named - known


def test_every_sheet_is_in_one_stylesheet_and_users_get_none_of_the_studio() -> None:
    joined = (stylesheet().decode(), studio_stylesheet().decode())
    text, studio = (re.sub(r"\?v=[0-9a-f]+", "", one) for one in joined)
    for path in (STATIC / "css").glob("*.css"):
        if path.stem in ALONE:
            assert slim(path.read_text("utf-8")) not in text
            continue
        home, other = (studio, text) if path.name.startswith("studio") else (text, studio)
        sheet = slim(path.read_text(encoding="utf-8"))
        assert sheet in home and sheet not in other
    assert len(text) < 65_500


def test_only_pages_of_the_studio_link_its_stylesheet() -> None:
    assert "/static/studio.css" in render("studio_document")
    assert "/static/studio.css" not in render("home")


def test_initials_are_of_the_first_and_the_last_word() -> None:
    assert [initials(name) for name in ("Amara Osei", "Ines", "", "Jo van Dam")] == [
        "AO",
        "IN",
        "?",
        "JD",
    ]
