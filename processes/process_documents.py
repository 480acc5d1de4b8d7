"""The kind of document of this folder: process."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson

from metamodel.catalog import Catalog, ObjectType
from metamodel.documents import Document, DocumentKind
from metamodel.reach import Reach, whole_unit

from .kept_names import PROCESS
from .process_check import check_process


def start_process(type_: ObjectType) -> dict[str, Any]:
    """One stage, for whoever starts it."""
    return {
        "label": f"{type_.label}: new process",
        "subject": type_.name,
        "stages": [
            {"name": "first", "label": "First stage", "duration": "1d",
             "performers": [{"starter": True}]},
        ],
        "routes": [{"from": "start", "to": "first"}, {"from": "first", "to": "end"}],
    }  # fmt: skip


def process_acts(document: Document, catalog: Catalog) -> Iterator[Reach]:
    """What it reads decides ways and is told in tasks; main actions act with people's rights."""
    yield Reach("/subject", "read", document.body["subject"], everywhere=True)


PROCESS_KIND = DocumentKind(
    name=PROCESS,
    folder="processes",
    schema=orjson.loads((files("processes.schemas") / "process.json").read_bytes()),
    check=check_process,
    start=start_process,
    acts=process_acts,
    package=Path(__file__).parent / "brought",
    wide=True,
    unit=whole_unit,
    label="Process",
    removable={
        "/subject": "",
        "/stages/*/main_action/fill/*": "/stages/*/main_action/fill/*",
        "/stages/*/main_action/ask/*": "/stages/*/main_action/ask/*",
        "/stages/*/main_action/set/*": "/stages/*/main_action/set/*",
        "/stages/*/main_action/create": "/stages/*/main_action",
        "/stages/*/main_action/call/to": "/stages/*/main_action",
        "/stages/*/main_action/document/*": "/stages/*/main_action",
        "/stages/*/performers/*": "/stages/*/performers/*",
    },
    about="Stages and routes over the records of an object: who does what, until when, and then.",
    example={
        "kind": "process",
        "name": "group_review",
        "label": "Review of a group",
        "subject": "group",
        "stages": [
            {"name": "look", "label": "Look through it", "duration": "2d", "remind_before": "4h",
             "performers": [{"role": "administrator"}]},
            {
                "name": "tidy",
                "label": "Tidy up",
                "duration": "1w",
                "performers": [{"starter": True}],
                "timeout": {"to": "look"},
            },
        ],
        "routes": [
            {"from": "start", "to": "look"},
            {"from": "look", "to": "tidy", "outcome": "Changes"},
            {"from": "look", "to": "end", "outcome": "Fine"},
            {"from": "tidy", "to": "look"},
        ],
    },
)  # fmt: skip
