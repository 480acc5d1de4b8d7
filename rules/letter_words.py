"""The words of a template in the language of whoever reads them.

A template says its subject and body once, and perhaps again in other languages, under
`translations`. Where it has words in the reader's language, everything in the message is in that
language: also dates, amounts and the labels of options.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fluvial.runtime.session import Session


@dataclass(frozen=True)
class LetterWords:
    subject: str
    body: str
    language: str = ""  # of a translation; empty for the words of the site


def words_in(template: Mapping[str, Any], language: str) -> LetterWords:
    """The words in a language, or one that it is a kind of; else those of the site."""
    said = template.get("translations", {})
    for name in (language, language[:2]):
        if name and name in said:
            return LetterWords(
                said[name].get("subject", template.get("subject", "")),
                said[name].get("body", template["body"]),
                name,
            )
    return LetterWords(template.get("subject", ""), template["body"])


def in_language(session: Session, language: str) -> Session:
    """The same session with labels in a language; itself for the site's."""
    if not language:
        return session
    catalogs = session.engine.catalogs
    catalog = catalogs.in_language(session.catalog, language, session.connection)
    return session if catalog is session.catalog else replace(session, catalog=catalog)


def texts_of(template: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """All texts of a template with their places."""
    for part in ("subject", "body"):
        if part in template:
            yield f"/{part}", template[part]
    for language, said in template.get("translations", {}).items():
        for part, text in said.items():
            yield f"/translations/{language}/{part}", text
