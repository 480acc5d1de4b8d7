"""Checking an app: its documents, what of it is of no use, its words, and its own tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fluvial.kernel.features import CORE
from fluvial.kernel.problems import NotFound, Problem
from fluvial.metadata_changes.brought_packages import needed_packages
from fluvial.packages import needs, registry
from fluvial.packages.source import Package, from_folder
from metamodel.build import build_catalog
from metamodel.document_files import read_package
from metamodel.documents import Document, DocumentKind
from metamodel.errors import Fault, MetadataError
from metamodel.lint import LintWarning, lint
from metamodel.translations import languages, missing

from .app_test_files import read_tests
from .playing import Failure, play
from .stage import stage

Kinds = Mapping[str, DocumentKind]


@dataclass
class Report:
    """What is wrong with an app, and what is only worth a look."""

    name: str
    documents: int = 0
    tests: int = 0
    failed: int = 0
    faults: list[Fault] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    warnings: list[LintWarning] = field(default_factory=list)
    untranslated: dict[str, list[str]] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        return not self.faults and not self.failures


def check(folder: Path, kinds: Kinds) -> Report:
    """Everything about the app of a folder; nothing is installed or kept."""
    report = Report(folder.resolve().name)
    try:
        own = read_package(folder, kinds)
        package = from_folder(folder, kinds)
        below = _needed(package, kinds, {})
        layers = [d for one in below.values() for d in one.documents]
        core = read_package(registry.CORE_FOLDER, kinds)
        report.documents = len(own)
        named = {document.kind for document in (*layers, *own)}
        brought = [one for documents in needed_packages(kinds, named) for one in documents]
        catalog = build_catalog([*core, *brought, *layers, *own], kinds)
        tests = read_tests(folder)
    except MetadataError as error:
        report.faults = list(error.faults)
        return report
    except Problem as problem:
        place = "app.yaml"
        report.faults = [Fault(place, "", "problem", problem.detail, "", place)]
        return report
    report.warnings = list(lint(catalog, package.name))
    report.untranslated = _untranslated(own, kinds)
    report.tests = len(tests)
    if tests:
        with stage([*below.values(), package]) as made:
            for test in tests:
                failures = play(test, made)
                report.failures += failures
                report.failed += bool(failures)
    return report


def _needed(package: Package, kinds: Kinds, found: dict[str, Package]) -> dict[str, Package]:
    """The shipped packages that one needs, each behind those that it needs itself."""
    for name, wanted in package.needs.items():
        if name == CORE or name in found:
            continue
        try:
            other = from_folder(registry.shipped(name), kinds)
        except NotFound as error:
            raise Problem(
                f"It needs {name} {wanted}, which is not available to check against."
            ) from error
        _needed(other, kinds, found)
        found[name] = other
    there = {name: one.version for name, one in found.items()}
    needs.check(package.name, package.needs, there, ())
    return found


def _untranslated(documents: list[Document], kinds: Kinds) -> dict[str, list[str]]:
    found = {
        language: list(missing(documents, kinds, language))
        for language in sorted(languages(documents, kinds))
    }
    return {language: places for language, places in found.items() if places}
