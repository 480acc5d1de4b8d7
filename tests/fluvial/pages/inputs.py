"""The inputs of a page's form, as a browser sends them when nobody touches them."""

from __future__ import annotations

from html.parser import HTMLParser


class _Inputs(HTMLParser):
    """Collects what the first form with a `rev` or the wanted action would send."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self.sent: list[tuple[str, str]] = []
        self._action = action
        self._inside = False
        self._area: str | None = None
        self._select: tuple[str, list[tuple[str, bool]], bool] | None = None
        self._option: tuple[str | None, bool] | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        if tag == "form":
            self._inside = (held.get("action") or "") == self._action
        if not self._inside or "disabled" in held:
            return
        name, value = held.get("name") or "", held.get("value")
        if tag == "input" and name:
            self._input(name, held.get("type") or "text", value, "checked" in held)
        elif tag == "textarea":
            self._area, self._text = name, ""
        elif tag == "select" and name:
            self._select = (name, [], "multiple" in held)
        elif tag == "option" and self._select is not None:
            self._finish_option()
            self._option, self._text = (value, "selected" in held), ""

    def _input(self, name: str, type: str, value: str | None, checked: bool) -> None:
        if type in ("checkbox", "radio"):
            if checked:
                self.sent.append((name, value if value is not None else "on"))
        elif type not in ("submit", "button", "file", "image", "reset"):
            self.sent.append((name, value or ""))

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "textarea" and self._area is not None:
            self.sent.append((self._area, self._text.removeprefix("\n")))
            self._area = None
        elif tag == "option":
            self._finish_option()
        elif tag == "select" and self._select is not None:
            self._finish_option()
            name, options, many = self._select
            chosen = [value for value, selected in options if selected]
            if not many:
                chosen = chosen[-1:] or [value for value, _ in options[:1]]
            self.sent += [(name, value) for value in chosen]
            self._select = None

    def _finish_option(self) -> None:
        if self._option is not None and self._select is not None:
            value, selected = self._option
            self._select[1].append((self._text.strip() if value is None else value, selected))
        self._option = None


def inputs_of(page: str, action: str) -> dict[str, list[str]]:
    """What the form with an action would send as it is."""
    parser = _Inputs(action)
    parser.feed(page)
    found: dict[str, list[str]] = {}
    for name, value in parser.sent:
        found.setdefault(name, []).append(value)
    return found
