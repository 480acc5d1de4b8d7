"""Reading: text to a checked syntax tree, with limits and with the place of every fault."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn

from simpleeval import SimpleEval  # type: ignore[import-untyped]

from metamodel.errors import ExpressionError
from metamodel.folding import normal
from metamodel.syntax_trees import in_turn

MAX_LENGTH = 1000  # characters of an expression
MAX_NODES = 200  # parts of an expression
MAX_DEPTH = 30  # parts within parts
MAX_HOPS = 5  # look-ups in one path
MAX_NESTING = 3  # collection functions within one another
MAX_DIGITS = 28  # of a number; also what results of arithmetic carry

CONSTANTS = {"true": True, "false": False, "null": None}
WORDS = frozenset({*CONSTANTS, "me", "record"})  # names with a meaning of their own

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
      | (?P<text>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")
      | (?P<name>[A-Za-z_][A-Za-z_0-9]*(?!['"]))
      | (?P<number>(?<![.\w])\d+(?:\.\d+)?(?![\w.]))
      | (?P<operator>==|!=|<=|>=|[<>+\-*/&.,()\[\]])""",
    re.VERBOSE | re.DOTALL,
)

# What people bring from other languages, and what it is called here.
_FOREIGN = (
    ("**", "Powers are not part of the language.", "Multiply, as in x * x."),
    ("//", "`//` is not part of the language.", "Write floor(a / b)."),
    ("&&", "`&&` is not part of the language.", "Write `and`."),
    ("||", "`||` is not part of the language.", "Write `or`; join text with `&`."),
    ("|", "`|` is not part of the language.", "Write `or`; join text with `&`."),
    ("<>", "`<>` is not part of the language.", "Write `!=`."),
    ("!", "`!` is not part of the language.", "Write `not`."),
    ("=", "A single `=` is not part of the language.", "Write `==` to compare."),
    ("%", "`%` is not part of the language.", "Use floor() and multiplication."),
    ("#", "Comments are not part of the language.", "Remove the text from `#` on."),
    ("'", "This text does not end.", "Close it with '."),
    ('"', "This text does not end.", 'Close it with ".'),
)

_ALLOWED = (
    ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.Compare, ast.IfExp, ast.Call, ast.Name,
    ast.Attribute, ast.Constant, ast.List, ast.Tuple,
)  # fmt: skip
_OPERATORS = (
    ast.And, ast.Or, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.BitAnd, ast.Not, ast.USub,
    ast.UAdd, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn,
)  # fmt: skip
_REFUSED = {
    ast.Subscript: ("Square brackets after a name are not part of the language.", ""),
    ast.Is: ("`is` is not part of the language.", "Write `== null`."),
    ast.IsNot: ("`is not` is not part of the language.", "Write `!= null`."),
    ast.Pow: ("Powers are not part of the language.", "Multiply, as in x * x."),
    ast.FloorDiv: ("`//` is not part of the language.", "Write floor(a / b)."),
    ast.Starred: ("`*` before a value is not part of the language.", ""),
    ast.ListComp: ("`for` is not part of the language.", "Use exists(), count() or sum()."),
    ast.GeneratorExp: ("`for` is not part of the language.", "Use exists(), count() or sum()."),
}
_BACKSLASH = "\ue000"  # stands for a backslash that escapes nothing


@dataclass(frozen=True)
class Place:
    """Where a part stands in the text."""

    at: int = 0
    length: int = 0


@dataclass(frozen=True)
class Syntax:
    """A tree that holds nothing but what the language allows."""

    source: str
    text: str  # as it was parsed, without the space around it
    lead: int  # the characters of space before it
    root: ast.expr

    def place(self, node: ast.AST) -> Place:
        start = self._offset(getattr(node, "col_offset", 0))
        end = self._offset(getattr(node, "end_col_offset", 0) or 0)
        return Place(self.lead + start, max(end - start, 0))

    def number(self, node: ast.Constant) -> Decimal:
        """The literal by its text, so that 0.1 is a tenth and nothing else."""
        start, end = self._offset(node.col_offset), self._offset(node.end_col_offset or 0)
        return Decimal(self.text[start:end])

    def string(self, node: ast.Constant) -> str:
        return normal(str(node.value).replace(_BACKSLASH, "\\"))

    def fail(self, node: ast.AST, message: str, hint: str = "") -> NoReturn:
        self.fail_at(self.place(node), message, hint)

    def fail_at(self, place: Place, message: str, hint: str = "") -> NoReturn:
        raise ExpressionError(
            message, source=self.source, at=place.at, length=place.length, hint=hint
        )

    def _offset(self, column: int) -> int:
        # The parser counts bytes of UTF-8.
        return len(self.text.encode()[:column].decode(errors="ignore"))


def parse(source: str) -> Syntax:
    """The syntax tree of an expression; raises ExpressionError."""
    if len(source) > MAX_LENGTH:
        raise ExpressionError(
            f"The expression has {len(source)} characters, more than {MAX_LENGTH}.",
            source=source[:MAX_LENGTH],
            at=MAX_LENGTH,
            hint="Split it: move a part into a calculated field.",
        )
    text = "".join(_tokens(source))
    body = text.strip()
    if not body:
        raise ExpressionError("The expression is empty.", source=source, hint="Write a condition.")
    lead = len(text) - len(text.lstrip())
    syntax = Syntax(source, body, lead, _parsed(source, body, lead))
    _measure(syntax)
    return syntax


def _tokens(source: str) -> Iterator[str]:
    """The text again, token by token; raises at the first that is not of the language."""
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        # `***`, `//` and the like are made of operators that are allowed one by one.
        if match is None or source[at : at + 2] in ("**", "//", "<>", "&&"):
            _refuse_token(source, at)
        token = match.group()
        if match.lastgroup == "space":
            yield " " * len(token)
        elif match.lastgroup == "text":
            yield _text_token(source, at, token)
        else:
            yield token
        at = match.end()


def _text_token(source: str, at: int, token: str) -> str:
    for offset, character in enumerate(token):
        if ord(character) < 32 or character in ("\x7f", _BACKSLASH):
            raise ExpressionError(
                "Text cannot contain this character.",
                source=source,
                at=at + offset,
                length=1,
                hint="Write \\n for a new line and \\t for a tab.",
            )
    return re.sub(r"\\(.)", _escape, token)


def _escape(match: re.Match[str]) -> str:
    return match.group() if match[1] in "'\"\\nt" else _BACKSLASH + match[1]


def _refuse_token(source: str, at: int) -> NoReturn:
    for sign, message, hint in _FOREIGN:
        if source.startswith(sign, at):
            raise ExpressionError(message, source=source, at=at, length=len(sign), hint=hint)
    if source[at].isascii() and source[at].isdigit():
        length = len(re.match(r"[\w.]+", source[at:]).group())  # type: ignore[union-attr]
        raise ExpressionError(
            "This is not a number.", source=source, at=at, length=length, hint="Write 12.50."
        )
    word = re.match(r"[A-Za-z_]\w*", source[at:])
    if word:
        raise ExpressionError(
            "Letters before a quote are not part of the language.",
            source=source,
            at=at,
            length=word.end(),
            hint="Join text with `&`.",
        )
    raise ExpressionError(
        f"`{source[at]}` has no meaning here.", source=source, at=at, length=1, hint="Remove it."
    )


def _parsed(source: str, text: str, lead: int) -> ast.expr:
    try:
        statement = in_turn(SimpleEval.parse, text)
    except SyntaxError as error:
        at = min(lead + max((error.offset or 1) - 1, 0), len(source) - 1)
        raise ExpressionError(
            "The expression is not valid from here on.",
            source=source,
            at=at,
            length=1,
            hint="Look for a missing value, operator, quote or bracket.",
        ) from None
    except (ValueError, RecursionError, MemoryError):
        raise ExpressionError(
            "The expression is nested too deeply.", source=source, hint="Split it."
        ) from None
    if not isinstance(statement, ast.Expr):
        raise ExpressionError(
            "This is not an expression.", source=source, hint="Write a value or a condition."
        )
    return statement.value


def _measure(syntax: Syntax) -> None:
    """Refuse what is not on the allow-list, and trees beyond the limits."""
    count = 0
    waiting: list[tuple[ast.AST, int]] = [(syntax.root, 1)]
    while waiting:
        node, depth = waiting.pop()
        _allow(syntax, node)
        count += 1
        if depth > MAX_DEPTH:
            syntax.fail(node, f"The expression is nested more than {MAX_DEPTH} deep.", "Split it.")
        if count > MAX_NODES:
            syntax.fail(
                node,
                f"The expression has more than {MAX_NODES} parts.",
                "Split it: move a part into a calculated field.",
            )
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                waiting.append((child, depth + 1))
            elif not isinstance(child, ast.expr_context):
                _allow(syntax, child, node)


def _allow(syntax: Syntax, node: ast.AST, parent: ast.AST | None = None) -> None:
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute):
            name = node.func.attr
            syntax.fail(node.func, f"There is no method `{name}`.", f"Write {name}(...) around it.")
        if not isinstance(node.func, ast.Name):
            syntax.fail(node, "Only named functions can be called.")
        if node.keywords:
            syntax.fail(node, "Named arguments are not supported.", "Write only the values.")
    elif isinstance(node, ast.Attribute) and node.attr.startswith("_"):
        syntax.fail(node, f"There is no field `{node.attr}`.")
    elif isinstance(node, ast.Constant) and not isinstance(
        node.value, (str, int, float, type(None))
    ):
        syntax.fail(node, "This value is not part of the language.")
    elif not isinstance(node, _ALLOWED + _OPERATORS):
        message, hint = _REFUSED.get(type(node), ("This is not part of the language.", ""))
        syntax.fail(parent or node, message, hint)
