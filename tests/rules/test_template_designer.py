"""The designer of templates in a real browser: fields as chips, and the source as it was."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app import Prepared
from tests.mailbox import Mailbox
from tests.studio_desk import StudioDesk, studio_desk

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "front" / "studio" / "designers" / "template_source.js"
PSA = sorted((ROOT / "apps" / "psa" / "templates").glob("*.html"))
SHOWN = ".dframe[data-shown]"
NOT_NEW = re.compile(r"/studio/template/(?!new(\?|$))")
# What people write that no designer makes, and what is broken.
CORPUS = (
    "", "{{", "{% if x %}", "a < b {{ x }} <p", "Hello {{ a.b }}\n\nBye & <more",
    "<p>x</p>\n{% for l in q.lines %}<p>{{ l.n }}</p>{% for m in l.m %}<p>{{ m.x }}</p>{% endfor %}"
    "{% endfor %}",
    "<table>{% for l in q.lines %}<tr><td>{{ l.a }}</td></tr>{% endfor %}</table>",
    "{% if a.b %}<p>x</p>{% elif a.c %}<p>y</p>{% else %}<p>z</p>{% endif %}",
    '<div style="{{ x }}">{% if y %}</div>{% endif %}', "{% set x = 1 %}{{ x | round(2) }}",
    "{% raw %}{{ }}{% endraw %}", "<p>a<b>b</p>", "<!-- c --><p>&nbsp;x&mdash;</p>", "{# c #}hello",
    "{%- for l in q.l | sort -%}{{ l }}{%- else -%}none{%- endfor -%}", "{{ '}}' }} {{ x or 'y' }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1) }}", "<P CLASS=x>A</P>\r\n<p>b</p>",
)  # fmt: skip
BITS = ["<p>", "</p>", "{{ a.b }}", "{% if a.b %}", "{% endif %}", "{% for x in a.c %}",
        "{% endfor %}", " words ", "\n\n", "<b>", "</b>", "<table>", "</table>", "<tr>", "</tr>",
        "<td>", "</td>", "{% else %}", "{# n #}", "<br>", "&amp;", "<div class='x'>", "</div>",
        "{%- set y = 3 -%}", "<ul>", "</ul>", "<li>", "</li>", '<a href="{{ link }}">', "</a>",
        "<", "{{ '}}' }}"]  # fmt: skip
RANDOM = """bits => {
  let seed = 7; const next = most => (seed = (seed * 1103515245 + 12345) % 2147483648) % most;
  for (let i = 0; i < 5000; i += 1) {
    const text = Array.from({length: next(14)}, () => bits[next(bits.length)]).join("");
    if (written(read(text).blocks) !== text) return text;
  }
  return null;
}"""


@pytest.fixture(scope="module")
def smtp() -> Iterator[Mailbox]:
    box = Mailbox()
    yield box
    box.close()


@pytest.fixture(scope="module")
def installed(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Set up before there is a browser, whose event loop lets no other one run."""
    prepared.copy(None, tmp_path_factory.mktemp("psa"), ("psa",))


@pytest.fixture(scope="module")
def desk(
    installed: None,
    prepared: Prepared,
    browser: Browser,
    smtp: Mailbox,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[StudioDesk]:
    folder, settings = tmp_path_factory.mktemp("letters"), {"SMTP_URL": smtp.url}
    with studio_desk(prepared, browser, folder, apps=("psa",), settings=settings) as found:
        account = found.api.post("/api/records/account", json={"name": "Redfern"}).json()
        for subject, priority in (("Disk failed", "high"), ("Lamp is dark", "low")):
            body = {"subject": subject, "account": account["id"], "priority": priority}
            found.api.post("/api/records/ticket", json=body).raise_for_status()
        yield found


def source(page: Page) -> str:
    page.get_by_role("button", name="Text view").click()
    found = page.get_by_label("Source of body").input_value()
    page.get_by_role("button", name="Text view").click()
    return found


def test_every_source_is_written_as_it_was_read(desk: StudioDesk) -> None:
    page = desk.page
    code = SOURCE.read_text("utf-8").replace("export ", "")
    page.evaluate(f"() => {{ {code}; Object.assign(window, {{ read, written }}); }}")
    for text in (*CORPUS, *(path.read_text("utf-8") for path in PSA)):
        assert page.evaluate("text => written(read(text).blocks)", text) == text
    assert page.evaluate(RANDOM, BITS) is None


@pytest.mark.parametrize("name", ["ticket_assigned", "ticket_received", "warranty_due"])
def test_what_is_opened_and_left_alone_stays_as_it_is(desk: StudioDesk, name: str) -> None:
    before = desk.body("template", name)
    page = desk.open(f"/studio/template/{name}")
    page.locator(".tline").last.focus()
    page.keyboard.press("End")
    assert desk.unchanged()
    assert page.locator(".tprotected").count() == 0  # all of it is understood
    assert source(page) == before["body"]
    page.keyboard.press("Control+s")
    assert desk.body("template", name) == before
    # A word in one line changes that line alone.
    line = page.locator(".tline.t-p").first
    line.focus()
    page.keyboard.press("Control+End")
    page.keyboard.type(" More & <more>.")
    changed = source(page)
    kept = before["body"].partition("</p>")[2]
    assert changed.endswith(kept) and " More &amp; &lt;more&gt;." in changed


def test_a_letter_with_fields_is_made_by_mouse(desk: StudioDesk, smtp: Mailbox) -> None:
    page = desk.open("/studio/template/new?object=ticket")
    page.get_by_label("Name of the template").fill("Short letter")
    subject = page.get_by_role("textbox", name="Subject")
    subject.fill("About ")
    page.get_by_role("button", name="Field", exact=True).click()
    page.locator("[role=treeitem]", has_text=re.compile("^Subject")).click()
    body = page.locator(".ttext:not(.single) .tline").first
    body.click()
    page.keyboard.press("Control+a")
    page.keyboard.type("Hello ")
    page.get_by_role("button", name="Field", exact=True).click()
    page.locator("[role=treeitem]", has_text=re.compile("^Due")).click()
    page.get_by_role("button", name="Due", exact=True).click()  # the chip
    page.get_by_role("dialog").get_by_label("Shown as").select_option("date")
    page.get_by_label("Where it is empty").fill("soon")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Repeat").click()
    page.get_by_role("button", name="Updates").click()
    expect(page.locator(".tgroup.loop")).to_contain_text("For each of")
    frame = page.frame_locator(f"{SHOWN} iframe:not(.coming)")
    expect(frame.get_by_text("Hello")).to_be_visible()
    expect(page.locator(".tsubject")).to_have_text("About Lamp is dark")
    page.get_by_role("button", name="Send a test to me").click()
    (mail,) = smtp.wait(1)
    assert mail.message["Subject"] == "Test: About Lamp is dark"
    page.locator("[data-save]").click()
    page.wait_for_url(NOT_NEW)
    found = desk.body("template", page.url.rpartition("/")[2])
    assert found["subject"] == "About {{ ticket.subject }}"
    assert '<p>Hello {{ ticket.due | date or "soon" }}</p>' in found["body"]
    loop = (
        "{% for ticket_update in ticket.updates %}\n<p>{{ ticket_update.title }}</p>\n{% endfor %}"
    )
    assert loop in found["body"]


def test_a_letter_is_written_by_keyboard_alone(desk: StudioDesk) -> None:
    page = desk.open("/studio/template/new?object=ticket")
    body = page.locator(".ttext:not(.single) .tline").first
    body.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("One")
    page.keyboard.press("Enter")
    page.keyboard.type("Two")
    expect(page.locator(".tline:focus")).to_have_text("Two")
    page.get_by_role("button", name="Only if").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Find a field").fill("priority")
    expect(page.locator(".modelbox [role=treeitem]").first).to_contain_text("Priority")
    page.keyboard.press("Enter")
    expect(page.locator(".tpop select").first).to_be_focused()
    page.locator(".tpop select").first.select_option("==")
    page.locator(".tpop select").last.select_option("high")
    page.keyboard.press("Escape")
    expect(page.locator("button.tcond")).to_contain_text("Priority is High")
    assert '{% if ticket.priority == "high" %}<p>Two</p>{% endif %}' in source(page)
    page.get_by_label("Move or delete this paragraph").first.focus()
    page.keyboard.press("ArrowDown")
    assert source(page).index("Two") < source(page).index("One")
    page.locator(".tline", has_text="One").focus()
    page.evaluate("""() => document.activeElement.dispatchEvent(new ClipboardEvent("paste",
        {clipboardData: (() => { const data = new DataTransfer();
        data.setData("text/plain", " <i>plain"); data.setData("text/html", "<i>rich</i>");
        return data; })(), bubbles: true, cancelable: true}))""")
    assert "&lt;i&gt;plain" in source(page) and "rich" not in source(page)


def test_only_if_holds_for_the_last_paragraph_where_none_is_in_hand(desk: StudioDesk) -> None:
    page = desk.open("/studio/template/new?object=ticket")
    page.get_by_role("button", name="Only if").click()
    page.get_by_label("Find a field").fill("priority")
    expect(page.locator(".modelbox [role=treeitem]").first).to_contain_text("Priority")
    page.keyboard.press("Enter")
    expect(page.locator("button.tcond")).to_contain_text("Priority")


def test_words_in_another_language_are_their_own(desk: StudioDesk) -> None:
    page = desk.open("/studio/template/ticket_received")
    page.locator(".template-design").get_by_label("Add a language").first.select_option("de")
    page.get_by_role("textbox", name="Subject").fill("Wir haben Ihre Meldung")
    expect(page.locator(".tsubject")).to_have_text("Wir haben Ihre Meldung")
    page.keyboard.press("Control+s")
    expect(page.locator(".toast")).to_contain_text("Saved")
    found = desk.body("template", "ticket_received")
    assert found["translations"]["de"]["subject"] == "Wir haben Ihre Meldung"
    assert found["subject"].startswith("We have received")


def test_the_designer_of_templates_can_be_used_by_everybody(desk: StudioDesk) -> None:
    assert desk.looks("/studio/template/ticket_assigned", SHOWN) == []
