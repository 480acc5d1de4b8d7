"""Templates: what one needs is read from its text; it is rendered in a process of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .helper_process import HelperEnded, HelperProcess
from .template_process import FILTERS, IMAGE, WITHHELD_FILTERS

MAX_LENGTH = 200_000  # characters of a template
RENDER_SECONDS = 5.0
MODULE = "fluvial.services.template_process"  # where they are rendered

# Nodes that read other templates, switch escaping off or hide what is needed.
_REFUSED: Mapping[type[nodes.Node], str] = {
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from ... import",
    nodes.Extends: "extends",
    nodes.ScopedEvalContextModifier: "autoescape",
    nodes.EvalContextModifier: "autoescape",
}
_SYNTAX = ImmutableSandboxedEnvironment(optimized=False)
_KNOWN_FILTERS = (set(_SYNTAX.filters) - set(WITHHELD_FILTERS)) | set(FILTERS)


class TemplateFault(Exception):
    """A template that is not valid or cannot be rendered: what is wrong, and in which line."""

    def __init__(self, message: str, line: int = 0) -> None:
        self.message = message
        self.line = line
        super().__init__(f"Line {line}: {message}" if line else message)


@dataclass
class Need:
    """What a template reads of a value: members by name, and the items of a collection."""

    members: dict[str, Need] = field(default_factory=dict)
    line: int = 0

    def at(self, names: Sequence[str], line: int) -> Need:
        need = self
        for name in names:
            need = need.members.setdefault(name, Need(line=line))
        return need

    def take_in(self, other: Need) -> None:
        """Need what another text needs, too."""
        for name, inner in other.members.items():
            self.members.setdefault(name, Need(line=inner.line)).take_in(inner)


def needs(source: str, roots: Sequence[str], *, images: bool = False) -> Need:
    """The paths that a template reads from each of its roots; raises TemplateFault. Only with
    `images` it may show those of the record."""
    if len(source) > MAX_LENGTH:
        raise TemplateFault(f"The template has more than {MAX_LENGTH:,} characters.")
    try:
        tree = _SYNTAX.parse(source)
    except TemplateSyntaxError as error:
        raise TemplateFault(error.message or "It is not valid.", error.lineno) from error
    except RecursionError as error:
        raise TemplateFault("The template is nested too deeply.") from error
    reader = _Reader(roots, _KNOWN_FILTERS if images else _KNOWN_FILTERS - {IMAGE})
    reader.visit(tree, {})
    return reader.need


class _Reader:
    """Walks a template's tree; `names` are those of loops and what they stand for."""

    def __init__(self, roots: Sequence[str], filters: Collection[str]) -> None:
        self.need = Need()
        self.roots = roots
        self.filters = filters

    def visit(self, node: nodes.Node, names: dict[str, Need | None]) -> None:
        if type(node) in _REFUSED:
            message = f"`{_REFUSED[type(node)]}` is not allowed in templates."
            raise TemplateFault(message, node.lineno)
        if isinstance(node, nodes.Filter) and node.name not in self.filters:
            raise TemplateFault(f"There is no filter `{node.name}`.", node.lineno)
        if isinstance(node, nodes.Test) and node.name not in _SYNTAX.tests:
            raise TemplateFault(f"There is no test `{node.name}`.", node.lineno)
        if isinstance(node, nodes.For):
            self._loop(node, names)
        elif isinstance(node, nodes.Macro | nodes.CallBlock):
            inner = names | {arg.name: None for arg in node.args} | _macro_names(node)
            if isinstance(node, nodes.Macro):
                names[node.name] = None
            self._children(node, inner)
        elif isinstance(node, nodes.Assign | nodes.With):
            self._children(node, self._assigned(node, names))
        elif isinstance(node, nodes.Getattr | nodes.Getitem | nodes.Name):
            self._read(node, names)
        else:
            self._children(node, names)

    def _children(self, node: nodes.Node, names: dict[str, Need | None]) -> None:
        for child in node.iter_child_nodes():
            self.visit(child, names)

    def _loop(self, node: nodes.For, names: dict[str, Need | None]) -> None:
        over = self._found(node.iter, names)
        if over is None:
            self.visit(node.iter, names)
        inner = dict(names) | {"loop": None}
        for name in node.target.find_all(nodes.Name):
            inner[name.name] = None
        if isinstance(node.target, nodes.Name):
            inner[node.target.name] = over
            inner[node.target.name] = over
        for child in (*node.body, *([node.test] if node.test else [])):
            self.visit(child, inner)
        for child in node.else_:
            self.visit(child, names)

    def _assigned(
        self, node: nodes.Assign | nodes.With, names: dict[str, Need | None]
    ) -> dict[str, Need | None]:
        if isinstance(node, nodes.Assign):
            if isinstance(node.target, nodes.Name):
                names[node.target.name] = self._found(node.node, names)
            return names
        inner = dict(names)
        for target, value in zip(node.targets, node.values, strict=True):
            if isinstance(target, nodes.Name):
                inner[target.name] = self._found(value, names)
        return inner

    def _read(self, node: nodes.Expr, names: dict[str, Need | None]) -> None:
        if self._found(node, names) is None and not isinstance(node, nodes.Name):
            self._children(node, names)

    def _found(self, node: nodes.Node, names: dict[str, Need | None]) -> Need | None:
        """The need of a chain such as `loan.member.name`; None where it is something else."""
        if isinstance(node, nodes.Name):
            if node.name in names:
                return names[node.name]
            if node.name not in self.roots:
                if node.name == "range":
                    return None
                known = ", ".join(f"`{root}`" for root in self.roots)
                raise TemplateFault(
                    f"`{node.name}` is not known here. Available: {known}.", node.lineno
                )
            return self.need.at((node.name,), node.lineno)
        if isinstance(node, nodes.Getattr):
            inner, name = self._found(node.node, names), node.attr
        elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
            inner, name = self._found(node.node, names), node.arg.value
            if isinstance(name, int):
                return inner
        else:
            return None
        return None if inner is None else inner.at((str(name),), node.lineno)


def _macro_names(node: nodes.Macro | nodes.CallBlock) -> dict[str, Need | None]:
    return dict.fromkeys(("caller", "varargs", "kwargs"))


@dataclass(frozen=True)
class TemplateText:
    """One text of a template. `escape` where it is HTML."""

    source: str
    escape: bool = True


class Renderer:
    """Renders in one process that is started when it is needed, and again after it was killed."""

    def __init__(
        self, locale: str = "en", zone: str = "UTC", *, seconds: float = RENDER_SECONDS
    ) -> None:
        self._seconds = seconds
        self._job = {"locale": locale, "zone": zone}
        self._helper = HelperProcess(MODULE, Path(__file__).parents[2])

    def render(
        self,
        parts: Sequence[TemplateText],
        data: Mapping[str, Any],
        *,
        zone: str = "",
        locale: str = "",
        printed: bool = False,
    ) -> list[str]:
        """The texts of the parts, on a reader's clock, in their language; raises TemplateFault."""
        foreign = {"zone": zone, "named": zone} if zone and zone != self._job["zone"] else {}
        job = (
            self._job
            | foreign
            | ({"locale": locale} if locale else {})
            | ({"printed": True} if printed else {})
            | {
                "parts": [{"source": part.source, "escape": part.escape} for part in parts],
                "data": data,
            }
        )
        try:
            answer = self._helper.ask(job, self._seconds)
        except HelperEnded:
            raise TemplateFault("The template uses too much time or memory.") from None
        if "fault" in answer:
            raise TemplateFault(answer["fault"])
        texts: list[str] = answer["texts"]
        return texts

    def close(self) -> None:
        self._helper.close()
