"""Addresses of endpoints: one that is not public is refused when it is saved, too.

What a name stands for is asked when something is sent, as it may stand for something else by then.
Here is refused what is not public whatever anybody answers: addresses, and names of this machine
and of the local network.
"""

from __future__ import annotations

import socket
from collections.abc import Collection

from fluvial.runtime.session import Session
from fluvial.services.outbound import Refused, checked_url, is_public
from metamodel.catalog import Catalog
from metamodel.errors import Fault, MetadataError

LOCAL = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "arpa")
NOT_PUBLIC = (
    "{host} is not a public address. Use a public one, or add it to FLUVIAL_OUTBOUND_ALLOW."
)


def check_addresses(session: Session, catalog: Catalog) -> None:
    """Refuse new and changed endpoints that lead inwards; a seam of changes of metadata."""
    before, allow = session.catalog.of("endpoint"), session.engine.settings.outbound_allow
    faults = []
    for name, document in catalog.of("endpoint").items():
        url = document.body["url"]
        if name in before and before[name].body["url"] == url:
            continue
        try:
            check_address(url, allow)
        except Refused as reason:
            faults.append(Fault(document.place, "/url", "not_public", str(reason), ""))
    if faults:
        raise MetadataError(faults)


def check_address(url: str, allow: Collection[str]) -> None:
    """Refused where nothing will ever be sent to the address."""
    parts, port = checked_url(url, allow)
    host = (parts.hostname or "").rstrip(".")
    if f"{parts.hostname}:{port}" not in allow and not _may_be_public(host):
        raise Refused(NOT_PUBLIC.format(host=host))


def _may_be_public(host: str) -> bool:
    if ":" in host:
        return is_public(host)
    try:
        # As systems read it: also 127.1, 0x7f000001 and 2130706433 are this machine.
        return is_public(socket.inet_ntoa(socket.inet_aton(host)))
    except OSError:
        return "." in host and host.rpartition(".")[2] not in LOCAL
