"""Proxies in front: whose word counts for where a request comes from.

A request from one of the trusted addresses says in its headers who has really sent it, by which
scheme and to which host. From everybody else these headers are nothing but words.
"""

from __future__ import annotations

import ipaddress
from collections.abc import MutableMapping, Sequence
from typing import Any

from fluvial.kernel.problems import Problem

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Scope = MutableMapping[str, Any]

_FOR, _SCHEME, _HOST = b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"
MAX_HOST = 255


class Proxies:
    """The proxies of an installation: addresses, and networks such as 10.0.0.0/8."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._networks = [_network(text) for text in texts]

    def trusts(self, address: Address | None) -> bool:
        return address is not None and any(
            address.version == network.version and address in network for network in self._networks
        )

    def seen(self, scope: Scope) -> Scope:
        """The request as the client has sent it, where a trusted proxy hands it on."""
        if not self._networks:
            return scope
        client = scope.get("client") or ("", 0)
        if not self.trusts(_address(str(client[0]))):
            return scope
        headers = scope["headers"]
        made = {**scope, "proxied": True}
        sender = self._sender(_values(headers, _FOR))
        if sender:
            made["client"] = (sender, 0)
        scheme = _values(headers, _SCHEME)[-1:]
        if scheme in (["http"], ["https"]):
            made["scheme"] = scheme[0]
        host = _values(headers, _HOST)[-1:]
        if host and _is_host(host[0]):
            rest = [(name, value) for name, value in headers if name != b"host"]
            made["headers"] = [(b"host", host[0].encode("ascii")), *rest]
        return made

    def _sender(self, chain: Sequence[str]) -> str:
        """The last one that no proxy of ours is: what stands before it anybody can have written."""
        sender = ""
        for text in reversed(chain):
            address = _address(text)
            if address is None:
                break
            sender = str(address)
            if not self.trusts(address):
                break
        return sender


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise Problem(
            f"FLUVIAL_PROXIES: {text!r} is not an IP address or network, such as 10.0.0.1 or "
            "10.0.0.0/8."
        ) from error


def _values(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> list[str]:
    """The values of a header that may be there several times, with commas in between."""
    joined = b",".join(value for key, value in headers if key == name).decode("latin-1")
    return [text for part in joined.split(",") if (text := part.strip())]


def _address(text: str) -> Address | None:
    """The address in `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1` or `[2001:db8::1]:443`."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return mapped or found


def _is_host(text: str) -> bool:
    return (
        len(text) <= MAX_HOST and text.isascii() and all(c.isalnum() or c in "-._:[]" for c in text)
    )
