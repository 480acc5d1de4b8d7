"""The process that renders templates: it knows Jinja and plain data, and nothing else.

A line of JSON in, a line of JSON out. A template that takes too much memory or time ends this
process and not the one that asked.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal
from jinja2 import StrictUndefined, TemplateError
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

MEMORY = 400_000_000  # bytes of address space
CPU_SECONDS = 5
MAX_OUTPUT = 2_000_000  # characters
WITHHELD_FILTERS = (
    "safe",
    "attr",
    "xmlattr",
    "urlize",
    "tojson",
    "pprint",
    "random",
    "map",
    "groupby",
)


# What is said for yes and no, by language.
SAID = {
    "cs": ("Ano", "Ne"), "da": ("Ja", "Nej"), "de": ("Ja", "Nein"), "es": ("Sí", "No"),
    "fi": ("Kyllä", "Ei"), "fr": ("Oui", "Non"), "hu": ("Igen", "Nem"), "it": ("Sì", "No"),
    "nb": ("Ja", "Nei"), "nl": ("Ja", "Nee"), "pl": ("Tak", "Nie"), "pt": ("Sim", "Não"),
    "ro": ("Da", "Nu"), "sv": ("Ja", "Nej"), "tr": ("Evet", "Hayır"),
}  # fmt: skip


class Record(dict[str, Any]):
    """A record's values by name. Without an id it is an empty look-up, and counts as no."""

    def __bool__(self) -> bool:
        return self.get("id") is not None


class ShownOption(str):
    """An option: compares by its name, and is shown by its label."""

    label: str = ""


class ShownDuration(int):
    """A length of time: counts in seconds, and is shown as hours and minutes."""

    @property
    def clock(self) -> str:
        minutes, seconds = divmod(abs(self), 60)
        text = f"{'-' if self < 0 else ''}{minutes // 60}:{minutes % 60:02d}"
        return f"{text}:{seconds:02d}" if seconds else text


class ShownAmount(dict[str, str]):
    """Money, with `amount` and `currency`."""


class ShownFile(str):
    """A file: shown by its name, and as a picture by the filter `image`."""

    id: str = ""


class TableElement(Record):
    """A column or a line of a table, which is there."""

    def __bool__(self) -> bool:
        return True


class ShownTable(TableElement):
    """A table with its `label`, `columns` and `lines`; as it is, it is shown as HTML."""

    def __bool__(self) -> bool:
        return bool(self["lines"])


class Words:
    """How values are shown in one language and zone."""

    def __init__(self, locale: str, zone: str, named: str = "", printed: bool = False) -> None:
        """`named` stands beside times where the zone is not the one that everybody expects.
        What is `printed` has days and numbers as its language writes them."""
        self.locale = locale.replace("-", "_")
        self.printed = printed
        self.days = "medium" if printed and not self.locale.startswith("en") else "d MMM y"
        self.zone = ZoneInfo(zone)
        self.named = f" ({named})" if named else ""

    def date(self, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, datetime):
            value = value.astimezone(self.zone).date()
        return format_date(value, self.days, locale=self.locale)

    def datetime(self, value: Any) -> str:
        if value is None:
            return ""
        if not isinstance(value, datetime):
            return self.date(value)
        local = value.astimezone(self.zone)
        if self.days == "medium":
            time_of_day = format_datetime(local, "HH:mm", locale=self.locale)
            return f"{self.date(value)}, {time_of_day}{self.named}"
        return format_datetime(local, "d MMM y, HH:mm", locale=self.locale) + self.named

    def money(self, value: Any) -> str:
        if not isinstance(value, ShownAmount):
            return "" if value is None else str(value)
        amount = str(value["amount"])
        part = amount.partition(".")[2]  # it has the decimals of its currency
        form = Locale.parse(self.locale).currency_formats["standard"].pattern
        form = re.sub(r"\.0+", f".{'0' * len(part)}" if part else "", form)
        shown = format_currency(
            Decimal(amount), value["currency"], form, locale=self.locale, currency_digits=False
        )
        return str(shown)

    def number(self, value: Any) -> str:
        return "" if value is None else str(format_decimal(value, locale=self.locale))

    def image(self, value: Any) -> Any:
        """The pictures of a field; nothing where there are none."""
        found = value if isinstance(value, list) else [value]
        pictures = (one for one in found if isinstance(one, ShownFile))
        tag = Markup('<img src="picture:{}" alt="{}">')
        return Markup("").join(tag.format(one.id, str(one)) for one in pictures)

    def table(self, table: ShownTable) -> Markup:
        """A table as HTML: headings, lines and sums, each with a class for the style sheet."""
        rows = [_row("th", "heading", [column["label"] for column in table["columns"]], table)]
        for line in table["lines"]:
            what = f"{line['is']} level-{line['level']}"
            cells = [self.show(cell) for cell in line["cells"]]
            if line["is"] == "group":  # its heading has the whole width
                tag = Markup('<tr class="{}"><td colspan="{}">{}</td></tr>')
                rows.append(tag.format(what, len(cells), cells[0]))
            else:
                rows.append(_row("td", what, cells, table))
        head, body = Markup("").join(rows[:1]), Markup("").join(rows[1:])
        whole = Markup('<table class="rows {}"><thead>{}</thead><tbody>{}</tbody></table>')
        return whole.format(table["name"], head, body)

    def show(self, value: Any) -> Any:
        """The text of a value that a template puts out as it is."""
        if value is None:
            return ""
        if isinstance(value, Markup):
            return value
        if isinstance(value, ShownOption):
            return value.label
        if isinstance(value, ShownDuration):
            return value.clock
        if isinstance(value, ShownTable):
            return self.table(value)
        if isinstance(value, Record):
            return value.get("title") or ""
        if isinstance(value, bool):
            yes, no = SAID.get(self.locale[:2] if self.printed else "", ("Yes", "No"))
            return yes if value else no
        if isinstance(value, Decimal) and self.printed:
            return format_decimal(value, locale=self.locale, decimal_quantization=False)
        if isinstance(value, datetime):
            return self.datetime(value)
        if isinstance(value, date):
            return self.date(value)
        if isinstance(value, ShownAmount):
            return self.money(value)
        if isinstance(value, list):
            return ", ".join(str(self.show(item)) for item in value)
        return value


def _row(tag: str, what: str, cells: list[Any], table: ShownTable) -> Markup:
    columns = table["columns"]
    shown = (
        Markup('<{0} class="{1}">{2}</{0}>').format(tag, column["is"], cell)
        for column, cell in zip(columns, cells, strict=True)
    )
    return Markup('<tr class="{}">{}</tr>').format(what, Markup("").join(shown))


FILTERS = tuple(
    show.__name__ for show in (Words.date, Words.datetime, Words.money, Words.number, Words.image)
)
IMAGE = Words.image.__name__  # only where what is rendered is printed


def revive(value: Any) -> Any:
    """Plain data from its JSON form, where `$` names what JSON has no word for."""
    if isinstance(value, list):
        return [revive(item) for item in value]
    if not isinstance(value, dict):
        return value
    kind, held = value.get("$"), value.get("v")
    if kind == "record":
        return Record((name, revive(item)) for name, item in cast(dict[str, Any], held).items())
    if kind == "option":
        option = ShownOption(held)
        option.label = value["l"]
        return option
    if kind == "amount":
        return ShownAmount(cast(dict[str, str], held))
    if kind == "attached":
        file = ShownFile(held)
        file.id = value["id"]
        return file
    if kind == "table":
        return ShownTable((name, _plain(item)) for name, item in cast(dict[str, Any], held).items())
    readers: dict[str, Callable[[str], Any]] = {
        "day": date.fromisoformat,
        "moment": datetime.fromisoformat,
        "decimal": Decimal,
        "html": Markup,
        "seconds": lambda text: ShownDuration(int(text)),
    }
    return readers[str(kind)](str(held)) if kind in readers else value


def _plain(value: Any) -> Any:
    """A part of a table, in which only the cells are values of fields."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict) and "$" not in value:
        return TableElement((name, _plain(item)) for name, item in value.items())
    return revive(value)


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja, for which a record's values are its members, also those called `items` or `copy`."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Record) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


def environment(words: Words, escape: bool) -> Sandbox:
    made = Sandbox(
        autoescape=escape, undefined=StrictUndefined, finalize=words.show, optimized=False
    )
    for name in WITHHELD_FILTERS:
        del made.filters[name]
    made.filters |= {name: getattr(words, name) for name in FILTERS}
    made.globals = {"range": made.globals["range"]}
    return made


def render(job: dict[str, Any]) -> dict[str, Any]:
    """`{"texts": [...]}`, or `{"fault": "..."}` with the reason in words."""
    words = Words(job["locale"], job["zone"], job.get("named", ""), job.get("printed", False))
    data = {name: revive(value) for name, value in job["data"].items()}
    texts = []
    for part in job["parts"]:
        try:
            template = environment(words, part["escape"]).from_string(part["source"])
            text = template.render(data)
        except MemoryError:
            return {"fault": "The template uses too much memory."}
        except RecursionError:
            return {"fault": "The template calls itself endlessly."}
        except UndefinedError as error:
            return {"fault": f"The template uses something that does not exist: {error.message}."}
        except SecurityError as error:
            return {"fault": f"The template does something that is not allowed: {error}."}
        except TemplateError as error:
            return {"fault": f"The template is not valid: {error.message}"}
        except Exception as error:  # whatever a template's arithmetic leads to
            return {"fault": f"The template cannot be rendered: {error}"}
        if len(text) > MAX_OUTPUT:
            return {"fault": f"The text has more than {MAX_OUTPUT:,} characters."}
        texts.append(text)
    return {"texts": texts}


def limit_cpu() -> None:
    """Some seconds from now on; the kernel ends the process behind them."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + CPU_SECONDS + 1, hard))


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        limit_cpu()
        sys.stdout.write(json.dumps(render(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
