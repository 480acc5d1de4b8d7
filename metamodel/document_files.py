"""Reads documents from YAML and JSON text and from the folder of a package."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from metamodel.documents import Document, DocumentKind
from metamodel.errors import Fault, MetadataError
from metamodel.folding import nearest
from metamodel.reserved_names import NAME
from metamodel.translations import FOLDER as TRANSLATIONS
from metamodel.translations import LANGUAGE, Translation, translated

SUFFIXES = (".yaml", ".yml", ".json")
APP_FILE = "app.yaml"
DATA_FOLDERS = frozenset({"sample", "tests", TRANSLATIONS})  # no documents in these
IN_LANGUAGES = "translations"  # of a document that says its texts in other languages itself
BESIDE = re.compile(r"[\w.-]+\.[a-z0-9]{1,5}")
MAX_LENGTH = 1_000_000  # characters of one file
MAX_DEPTH = 40
MAX_NUMBER = 2**53  # JSON readers keep whole numbers up to this
UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")  # no database takes these


class Loader(yaml.CSafeLoader):
    """YAML 1.2's plain values: `on` and `no` are words, `17:30` and `2026-01-01` are text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(
                    problem="a name must be plain text", problem_mark=key.start_mark
                )
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"`{key.value}` appears twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
            key.tag = "tag:yaml.org,2002:str"
        return super().construct_mapping(node, deep)


Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]{1,18}", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))([eE][-+]?[0-9]{1,3})?",
        "-+.0123456789",
    ),
):
    Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first)
    )
# Only JSON's values: a !!binary or a !!timestamp is none. YAML 1.1's octals are gone: 010 is ten.
Loader.yaml_constructors = {
    f"tag:yaml.org,2002:{tag}": yaml.SafeLoader.yaml_constructors[f"tag:yaml.org,2002:{tag}"]
    for tag in ("null", "bool", "str", "seq", "map")
} | {None: yaml.SafeLoader.yaml_constructors[None]}
Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value))
Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: _finite(node.value))


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise yaml.MarkedYAMLError(problem=f"{text} is too large")
    return number


def parse_documents(text: str, file: str = "") -> list[dict[str, Any]]:
    """The documents of one text, which `---` may part; raises MetadataError."""
    if len(text) > MAX_LENGTH:
        raise MetadataError([_fault(file, "too_large", "The file is too large.", "Split it.")])
    try:
        _check_shape(text)
        found = [one for one in yaml.load_all(text, Loader=Loader) if one is not None]
    except yaml.YAMLError as error:
        raise MetadataError([_yaml_fault(error, file)]) from None
    faults = [
        _fault(
            file,
            "not_a_document",
            "A document consists of members and values.",
            "Write `kind: ...`.",
        )
        for one in found
        if not isinstance(one, dict)
    ]
    if faults:
        raise MetadataError(faults)
    return found


def _check_shape(text: str) -> None:
    """A few aliases of aliases, or brackets in brackets, would grow beyond the memory."""
    depth = 0
    for event in yaml.parse(text, Loader=Loader):
        problem = ""
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            problem = "it is nested too deeplylylylylyly" if depth > MAX_DEPTH else ""
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            problem = "aliases (*name) are not supported here; repeat the value"
        if problem:
            raise yaml.MarkedYAMLError(
                problem=problem,
                problem_mark=event.start_mark,  # type: ignore[arg-type]  # the C parser's
            )


def _fault(file: str, code: str, message: str, hint: str) -> Fault:
    return Fault(file, "", code, message, hint, file)


def _yaml_fault(error: yaml.YAMLError, file: str) -> Fault:
    problem, place = "it is not valid YAML", ""
    if isinstance(error, yaml.MarkedYAMLError):
        problem = error.problem or problem
        mark = error.problem_mark or error.context_mark
        place = f"Line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    said = f"{place}{problem}."
    return _fault(file, "not_yaml", said[:1].upper() + said[1:], "Fix this line.")


def document_of(
    body: Mapping[str, Any],
    *,
    kind: str | None = None,
    name: str | None = None,
    layer: str = "",
    file: str = "",
) -> Document:
    """The document of a body; its kind and name are in the body, or given, or both alike."""
    plain = _plain(body)
    if "app" in plain and "kind" not in plain:
        plain = {"kind": "app", "name": plain.pop("app"), **plain}
    faults = []
    for member, given in (("kind", kind), ("name", name)):
        written = plain.get(member, given)
        if not isinstance(written, str) or not NAME.fullmatch(written):
            hint = f"Write `{member}:` with at most 40 lower-case letters, digits and _."
            message = f"The document has no valid {member}."
            faults.append(Fault(file, f"/{member}", f"no_{member}", message, hint, file))
        elif given is not None and written != given:
            message = f"`{written}` differs from `{given}` in the address."
            hint = f"Write `{given}` or leave `{member}` out."
            faults.append(Fault(file, f"/{member}", "unequal", message, hint, file))
    if faults:
        raise MetadataError(faults)
    whole = {"kind": plain.pop("kind", kind), "name": plain.pop("name", name), **plain}
    return Document(whole["kind"], whole["name"], whole, layer, file)


def _plain(value: Any, depth: int = MAX_DEPTH) -> Any:
    """JSON values as documents keep them: exact decimals become the nearest plain number."""
    if depth < 0:
        raise _unfit("too_deep", "The document is nested too deeply.", "Reduce the nesting.")
    if isinstance(value, Mapping):
        return {_plain(str(name)): _plain(one, depth - 1) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one, depth - 1) for one in value]
    if isinstance(value, str) and UNFIT.search(value):
        raise _unfit("control_character", f"There is a hidden character in {value[:60]!r}.", "")
    if isinstance(value, Decimal | float | int) and not isinstance(value, bool):
        return _number(value)
    return value


def _number(value: Decimal | float | int) -> float | int:
    if not -MAX_NUMBER <= value <= MAX_NUMBER:  # not of a number that is none, either
        raise _unfit("too_large", f"{str(value)[:20]} is too large.", "Write it as text.")
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def _unfit(code: str, message: str, hint: str) -> MetadataError:
    return MetadataError([_fault("", code, message, hint)])


def read_package(
    folder: Path, kinds: Mapping[str, DocumentKind], *, layer: str | None = None
) -> list[Document]:
    """The documents of a package, its `app` first; raises MetadataError with all faults.

    The layer is the name of the package, where no other is given.
    """
    head = folder / APP_FILE
    if not head.is_file():
        hint = "Write `app: name` and `version: 1.0.0` into it."
        raise MetadataError([_fault(str(head), "no_app", "The package has no app.yaml.", hint)])
    faults: list[Fault] = []
    found: list[Document] = []
    for path in [head, *_files(folder, kinds, faults)]:
        found.extend(_read_file(path, folder, kinds, faults))
    name = layer or next((one.name for one in found if one.kind == "app"), folder.name)
    found, more = translated(found, _translations(folder, faults), kinds)
    faults += more
    if faults:
        raise MetadataError(faults)
    return [replace(document, layer=name) for document in found]


def _translations(folder: Path, faults: list[Fault]) -> Iterator[Translation]:
    for path in sorted((folder / TRANSLATIONS).glob("*.yaml")):
        file = path.relative_to(folder).as_posix()
        if not LANGUAGE.fullmatch(path.stem):
            hint = "Name it de.yaml or pt_BR.yaml."
            faults.append(_fault(file, "no_language", f"`{path.stem}` is not a language.", hint))
            continue
        try:
            for body in parse_documents(path.read_text(encoding="utf-8"), file):
                yield Translation(path.stem, file, body)
        except MetadataError as error:
            faults.extend(error.faults)
        except UnicodeDecodeError:
            faults.append(_fault(file, "not_utf8", "The file is not UTF-8.", "Save it as UTF-8."))


def _files(folder: Path, kinds: Mapping[str, DocumentKind], faults: list[Fault]) -> Iterator[Path]:
    known = {kind.folder for kind in kinds.values() if kind.folder}
    for inner in sorted(path for path in folder.iterdir() if path.is_dir()):
        if inner.name in DATA_FOLDERS or inner.name.startswith((".", "_")):
            continue
        if inner.name not in known:
            hint = nearest(inner.name, known) or f"Available folders: {', '.join(sorted(known))}."
            message = f"No document kind belongs to a folder `{inner.name}`."
            faults.append(_fault(f"{inner.name}/", "unknown_folder", message, hint))
            continue
        yield from sorted(path for path in inner.rglob("*") if path.suffix in SUFFIXES)


def _read_file(
    path: Path, folder: Path, kinds: Mapping[str, DocumentKind], faults: list[Fault]
) -> Iterable[Document]:
    file = path.relative_to(folder).as_posix()
    try:
        bodies = parse_documents(path.read_text(encoding="utf-8"), file)
    except MetadataError as error:
        faults.extend(error.faults)
        return []
    except UnicodeDecodeError:
        faults.append(_fault(file, "not_utf8", "The file is not UTF-8.", "Save it as UTF-8."))
        return []
    found = []
    for body in bodies:
        try:
            document = document_of(body, file=file)
        except MetadataError as error:
            faults.extend(error.faults)
            continue
        kind = kinds.get(document.kind)
        beside = kind.beside if kind is not None else ()
        found.append(_with_files(document, beside, path.parent, faults))
    return found


def _with_files(
    document: Document, members: Iterable[str], folder: Path, faults: list[Fault]
) -> Document:
    """The document with the text of the files that it names beside itself, in all languages."""
    body = dict(document.body)
    read = _Beside(document, folder, faults)
    wanted = tuple(members)
    read.into(body, wanted, "")
    said = body.get(IN_LANGUAGES)
    if wanted and isinstance(said, Mapping):
        words = {name: dict(one) if isinstance(one, Mapping) else one for name, one in said.items()}
        for name, one in words.items():
            if isinstance(one, dict):
                read.into(one, wanted, f"/{IN_LANGUAGES}/{name}")
        body[IN_LANGUAGES] = words
    return replace(document, body=body)


@dataclass(frozen=True)
class _Beside:
    """The files beside a document."""

    document: Document
    folder: Path
    faults: list[Fault]

    def into(self, body: dict[str, Any], members: Iterable[str], place: str) -> None:
        """Put the texts of files in the place of their names."""
        for member in members:
            named = body.get(member)
            if not isinstance(named, str) or not BESIDE.fullmatch(named):
                continue
            try:
                body[member] = (self.folder / named).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                where, file = self.document.place, self.document.file
                message = f"There is no file `{named}` next to it, or it is not UTF-8."
                hint = f"Put {named} next to {file}."
                pointer = f"{place}/{member}"
                self.faults.append(Fault(where, pointer, "no_file", message, hint, file))
