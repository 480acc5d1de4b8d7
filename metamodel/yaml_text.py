"""Documents as YAML that reads well: order kept, small things on one line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

HEAD = ("kind", "name", "extends", "label")
WIDTH = 100
UNPRINTED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")  # YAML wants them escaped
ONE_LINE = 88  # characters that a mapping or list may have to stand on one line


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _mapping(dumper: yaml.SafeDumper, value: Mapping[str, Any]) -> yaml.Node:
    node = dumper.represent_mapping("tag:yaml.org,2002:map", value)
    node.flow_style = _length(node) <= ONE_LINE
    return node


def _sequence(dumper: yaml.SafeDumper, value: list[Any]) -> yaml.Node:
    node = dumper.represent_sequence("tag:yaml.org,2002:seq", value)
    node.flow_style = _length(node) <= ONE_LINE
    return node


_Dumper.add_representer(dict, _mapping)
# What YAML 1.2 reads as a number and PyYAML does not: in quotes, where it is text.
_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9]+[eE][-+]?[0-9]{1,3}$"), list("-+0123456789")
)
_Dumper.add_representer(list, _sequence)


def _length(node: yaml.Node) -> int:
    if isinstance(node, yaml.ScalarNode):
        return len(node.value) + 2 if "\n" not in node.value else WIDTH
    if isinstance(node, yaml.SequenceNode):
        return sum(_length(item) + 2 for item in node.value) + 2
    return sum(_length(key) + _length(value) + 4 for key, value in node.value) + 2


def yaml_of(body: Mapping[str, Any]) -> str:
    """The document's text; its own members stand below one another."""
    head = {name: body[name] for name in HEAD if name in body}
    whole = head | {name: value for name, value in body.items() if name not in head}
    return "".join(_member(name, value) for name, value in whole.items())


def _member(name: str, value: Any) -> str:
    text = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)
    text = text.removesuffix("...\n").rstrip("\n")
    nested = isinstance(value, (dict, list)) and text[:1] not in "{["
    if not nested:
        return f"{name}: {text}\n"
    return f"{name}:\n" + "".join(f"  {line}\n" for line in text.split("\n"))


def json_of(body: Mapping[str, Any]) -> str:
    """The document as JSON, which every reader of YAML takes."""
    text = json.dumps(body, ensure_ascii=False, indent=2)
    return UNPRINTED.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"
