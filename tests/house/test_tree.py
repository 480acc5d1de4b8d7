"""The shape of the tree: what may lie where, and who may import whom."""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
ENGINE = (
    "metamodel",
    "platform/fluvial",
    "rules",
    "forms",
    "kanban",
    "ledger",
    "reports",
    "processes",
    "conversations",
)
FRONT = "front"
# Icons carry the names that their makers gave them.
FOREIGN_NAMES = {"icons.json"}
BINARY = {".woff2", ".png", ".ico", ".pyc"}

# Nouns of a services business that are not the name of one of its objects.
FIXED_NOUNS = {
    "invoice",
    "psa",
    "timesheet",
    "warranty",
    "helpdesk",
    "customer account",
}
# Words of the packaged application that the engine uses in a plain sense of its own.
HOMONYMS = {
    "account": "a person's account, with which one signs in",
    "product": "Fluvial itself, or the outcome of a multiplication",
    "site": "the layer of documents that belongs to this installation, and other web sites",
    "asset": "a file that the browser loads",
    "block": "a part of a text, of a document or of code",
    "charge": "what a record comes to for a period",
    "currency": "of an amount: a code of ISO 4217",
    "lead": "to go somewhere, and the time before something begins",
    "phase": "a part of a save or of a long job",
    "queue": "what waits for workers, or for its turn",
    "quote": "a mark around a text, and words of an earlier mail",
    "receipt": "what says that something was sent",
    "reminder": "a message before something is due",
    "resource": "what a process may use, and files that come with a library",
    "skill": "a word from which the kind of a new field is guessed",
    "task": "what a worker is given to do",
}


def engine_files() -> list[Path]:
    files = []
    for folder in (*ENGINE, FRONT):
        for path in sorted((ROOT / folder).rglob("*")):
            foreign = path.name in FOREIGN_NAMES or "vendor" in path.parts
            if path.is_file() and path.suffix not in BINARY and not foreign:
                files.append(path)
    return files


def packaged_nouns() -> set[str]:
    """The objects that apps bring; one that only extends an object of the engine's is no noun."""
    return {
        path.stem
        for path in (ROOT / "apps").glob("*/objects/*.yaml")
        if not re.search(r"^extends:", path.read_text("utf-8"), re.MULTILINE)
    }


def pattern(nouns: set[str]) -> re.Pattern[str]:
    """Whole words, in the singular and the plural, also inside snake_case and file names."""
    forms = (form for noun in nouns for form in plurals(noun.replace("_", " ")))
    words = "|".join(re.escape(form).replace(r"\ ", "[ _-]") for form in sorted(forms))
    return re.compile(rf"(?<![a-z])({words})(?![a-z])", re.IGNORECASE)


def plurals(noun: str) -> tuple[str, str]:
    return noun, noun[:-1] + "ies" if noun.endswith("y") else noun + "s"


def test_platform_is_a_source_root_and_not_a_package() -> None:
    # As a package it would hide the standard library's `platform`.
    assert not (ROOT / "platform" / "__init__.py").exists()


def test_apps_hold_no_python() -> None:
    assert not [path for path in (ROOT / "apps").rglob("*") if path.suffix.startswith(".py")]


def test_the_engine_knows_no_noun_of_an_app() -> None:
    nouns = pattern((packaged_nouns() | FIXED_NOUNS) - set(HOMONYMS))
    found = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]}"
        for path in engine_files()
        for number, line in enumerate([path.stem, *path.read_text("utf-8", "replace").splitlines()])
        for match in nouns.finditer(line)
    ]
    assert not found, "Reword, or add plain English to HOMONYMS:\n" + "\n".join(found)


def test_every_homonym_is_still_needed() -> None:
    text = "\n".join(path.read_text("utf-8") for path in engine_files())
    unused = [word for word in HOMONYMS if not pattern({word}).search(text)]
    assert not unused, f"take these off the list: {unused}"


def test_each_floor_imports_only_floors_below_it() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_lock_file_holds_no_download_address() -> None:
    text = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert "resolved" not in text
    assert not re.findall(r"https?://[^\"]*\.tgz", text)


def test_front_end_packages_have_exact_versions() -> None:
    about = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    versions = {**about["dependencies"], **about["devDependencies"]}
    assert not {name for name, version in versions.items() if not version[0].isdigit()}
