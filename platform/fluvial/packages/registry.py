"""Where apps are found: in folders, and those that are shipped."""

from __future__ import annotations

from pathlib import Path

from fluvial.kernel.problems import NotFound
from metamodel.document_files import APP_FILE
from metamodel.reserved_names import NAME

ROOT = Path(__file__).parents[1]
CORE_FOLDER = ROOT / "core"
APPS = ROOT.parents[1] / "apps"
APPS_INSTALLED = ROOT.parent / "apps"  # beside the package in a wheel


def folder_of(name: str) -> Path:
    """The folder of an app: a path, or the name of one that is shipped."""
    folder = Path(name)
    return folder if (folder / APP_FILE).is_file() else shipped(name)


def shipped(name: str) -> Path:
    """The folder of an app that came with the engine, by its name: a path leads nowhere."""
    for folder in (APPS / name, APPS_INSTALLED / name) if NAME.fullmatch(name) else ():
        if (folder / APP_FILE).is_file():
            return folder
    raise NotFound(f"There is no app `{name}`: no folder with this name and an app.yaml.")


def all_shipped() -> set[str]:
    folders = (folder for folder in (APPS, APPS_INSTALLED) if folder.is_dir())
    return {p.name for folder in folders for p in folder.iterdir() if (p / APP_FILE).is_file()}
