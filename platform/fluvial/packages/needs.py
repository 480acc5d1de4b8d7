"""What packages need of one another: versions, compared as Python's packages are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from fluvial import __version__
from fluvial.kernel.features import CORE
from fluvial.kernel.problems import Conflict, Unprocessable, fault


def version_of(name: str, text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion as error:
        message = (
            f"`{text}` of {name} is not a version. Write 1.4.0, or 1.4.0rc1 for a pre-release."
        )
        raise Unprocessable(message, errors=[fault("/app/version", "version", message)]) from error


def is_older(name: str, version: str, than: str) -> bool:
    return version_of(name, version) < version_of(name, than)


def meets(name: str, version: str, wanted: str) -> bool:
    """Whether a version is in a range such as `>=1.2,<2`; a bare `1.2` means that or later."""
    text = wanted if wanted[:1] in "<>=~" else f">={wanted}"
    try:
        return SpecifierSet(text).contains(version_of(name, version), prereleases=True)
    except InvalidSpecifier as error:
        message = f"`{wanted}` for {name} is not a range of versions. Write >=1.2,<2."
        raise Unprocessable(message, errors=[fault("/app/needs", "range", message)]) from error


def check(
    package: str, needs: Mapping[str, str], there: Mapping[str, str], others: Collection[str]
) -> None:
    """Refuse a package whose needs are not met. `others` are shipped and could be installed."""
    errors = []
    for name, wanted in needs.items():
        version = __version__ if name == CORE else there.get(name)
        if version is None:
            message = f"{package} needs {name} {wanted}, which is not installed."
            hint = f"Install it first: fluvial app install {name}." if name in others else ""
            errors.append(fault(f"/app/needs/{name}", "not_installed", f"{message} {hint}".strip()))
        elif not meets(name, version, wanted):
            message = (
                f"{package} needs {name} {wanted}, but {version} is installed. Upgrade {name}."
            )
            errors.append(fault(f"/app/needs/{name}", "other_version", message))
    if errors:
        raise Unprocessable(" ".join(error["message"] for error in errors), errors=errors)


def check_others(package: str, version: str, needs: Mapping[str, Mapping[str, str]]) -> None:
    """Refuse a version with which an installed package would not do."""
    broken = [
        f"{name} needs {package} {wanted[package]}"
        for name, wanted in needs.items()
        if package in wanted and not meets(package, version, wanted[package])
    ]
    if broken:
        raise Conflict(
            f"{package} {version} is not compatible: {', '.join(broken)}. Upgrade it first."
        )


def dependents(package: str, needs: Mapping[str, Iterable[str]]) -> list[str]:
    """The installed packages that need one."""
    return sorted(name for name, wanted in needs.items() if package in wanted)
