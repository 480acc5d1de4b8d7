"""Printed documents that a person orders: a feature checks them, and enters them to be printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fluvial.kernel.features import Seam
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.checks import DocumentCheck

Json = Mapping[str, Any]


@dataclass(frozen=True)
class DocumentOrders:
    """`check` says what cannot work about `{template, to}` at a place of a document; `payload` is
    what the effect of an order says, after the rights of who acts were asked."""

    effect: str  # the kind of effect that is entered
    check: Callable[[DocumentCheck, str, Json, ObjectType], None]
    payload: Callable[[Session, Json, tuple[str, str]], dict[str, Any]]


BROUGHT: list[DocumentOrders] = []


def _register(orders: DocumentOrders) -> None:
    if orders not in BROUGHT:
        BROUGHT.append(orders)


DOCUMENT_ORDERS: Seam[DocumentOrders] = Seam("how people order printed documents", _register)


def document_orders() -> DocumentOrders | None:
    """None on a server that prints no documents."""
    return BROUGHT[-1] if BROUGHT else None
