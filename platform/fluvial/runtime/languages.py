"""The language of a person: of dates and amounts, and of the words of metadata on their pages.

What is written and what is kept stays in the site's words, whoever writes: titles, search words and
calculated values are the same for all. So pages that only show are given another catalog.
"""

from __future__ import annotations

from dataclasses import replace

from babel.localedata import exists, locale_identifiers

from .session import Session


def language_of(session: Session) -> str:
    """The language that the person chose, else the site's."""
    chosen = session.actor.language
    return chosen if chosen and exists(chosen) else session.engine.settings.locale


def in_words(session: Session) -> Session:
    """The same session with labels in the person's language."""
    catalogs = session.engine.catalogs
    catalog = catalogs.in_language(session.catalog, language_of(session), session.connection)
    return session if catalog is session.catalog else replace(session, catalog=catalog)


def offered(session: Session) -> list[str]:
    """The languages that a person may choose: those in which anything is said."""
    engine = session.engine
    names = {engine.settings.locale, *engine.catalogs.spoken(session.catalog)}
    return sorted(names & set(locale_identifiers()))
