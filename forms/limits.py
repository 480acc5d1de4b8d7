"""How often an address may send a web form, counted for all processes together."""

from __future__ import annotations

import ipaddress

from fluvial.database.rate_limits import Rate, limited
from fluvial.runtime.session import Session

from .webforms import WebForm

TOO_OFTEN = "Too many answers were sent from this address."


def count(session: Session, form: WebForm, address: str) -> None:
    """Count one answer of an address; TooMany where it has sent its share."""
    key = ("webform", form.name, network(address))
    limited(session.connection, session.now, Rate.read(form.rate), TOO_OFTEN, *key)


def network(address: str) -> str:
    """What counts as one sender: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network(f"{address}/64", strict=False))
