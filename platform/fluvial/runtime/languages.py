"""The language of a person: of dates and amounts, and of the words of metadata on their pages.

What is written and what is kept stays in the site's words, whoever writes: titles, search words and
calculated values are the same for all. So pages that only show are given another catalog.
"""

from __future__ import annotations

from dataclasses import replace

from babel.localedata import exists, locale_identifiers

from metamodel.written.text_format import TextFormat
from metamodel.written.written_days import usual_order
from metamodel.written.written_numbers import decimal_mark

from .reader_zone import zone_of
from .session import Session


def language_of(session: Session) -> str:
    """The language that the person chose, else the site's."""
    chosen = session.actor.language
    return chosen if chosen and exists(chosen) else session.engine.settings.locale


def typed_form(session: Session) -> TextFormat:
    """How the person writes values into inputs: as their pages show them."""
    locale = language_of(session)
    return TextFormat(
        dates=usual_order(locale),
        decimal=decimal_mark(locale),
        zone=str(zone_of(session)),
        locale=locale,
        unit="hours",
        typed=True,
    )


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
