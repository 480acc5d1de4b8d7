"""The one client for calls to addresses that people write: guarded against reaching inwards.

A name is resolved once, every address of it is checked, and the connection goes to a checked
address: no redirects, no proxies, few ports, one deadline for everything.
"""

from __future__ import annotations

import http.client
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0
MAX_RESPONSE = 64 * 1024
PORTS = {"http": 80, "https": 443}

_EMBEDDED = tuple(
    (ipaddress.IPv6Network(network), shift)
    for network, shift in (
        ("::ffff:0:0/96", 0),  # IPv4-mapped
        ("::/96", 0),  # IPv4-compatible
        ("64:ff9b::/96", 0),  # NAT64
        ("2002::/16", 80),  # 6to4
    )
)


class Refused(Exception):
    """An address that must not be reached; trying again does not help."""


class Unreachable(Exception):
    """No answer came; another try may help."""


@dataclass(frozen=True)
class Response:
    status: int
    body: bytes
    whole: bool = True  # False where it had more than the limit
    cut: bool = False  # the connection ended before all of it was there


def call(
    method: str,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allow: Collection[str] = (),
    limit: int = MAX_RESPONSE,
) -> Response:
    """Call a public address, or one of the `host:port` that are allowed."""
    parts, port = checked_url(url, allow)
    host = parts.hostname or ""
    address = _address(host, port, named=f"{host}:{port}" in allow)
    deadline = _Deadline(TOTAL_SECONDS)
    try:
        connection = _Connection(host, port, parts.scheme == "https", address, deadline)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body, dict(headers))
        answer = connection.getresponse()
        read = answer.read(limit + 1)
        if deadline.passed:
            raise OSError("shut")
        whole = len(read) <= limit
        return Response(answer.status, read[:limit], whole, whole and bool(answer.length))
    except (OSError, http.client.HTTPException) as error:
        if deadline.passed:
            raise Unreachable(f"No complete answer within {TOTAL_SECONDS:g} seconds.") from error
        raise Unreachable(
            f"{host}:{port} did not answer: {error or type(error).__name__}"
        ) from error
    finally:
        deadline.close()


def checked_url(url: str, allow: Collection[str] = ()) -> tuple[SplitResult, int]:
    """The parts and the port of an address that may be called; Refused says why not."""
    if any(ord(c) <= 32 or ord(c) == 127 for c in url) or not url.isascii():
        raise Refused("The address contains characters that are not allowed.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Refused(f"The address is not valid: {error}.") from error
    if parts.scheme not in PORTS:
        raise Refused("The address must start with https:// or http://.")
    if not parts.hostname or parts.username is not None or parts.password is not None:
        raise Refused("The address must have a host, and no user or password.")
    port = PORTS[parts.scheme] if port is None else port
    if port not in PORTS.values() and f"{parts.hostname}:{port}" not in allow:
        raise Refused(f"Port {port} is not allowed. To allow it, add it to FLUVIAL_OUTBOUND_ALLOW.")
    return parts, port


def is_public(text: str) -> bool:
    """Whether an IP address is one of the public internet, in whatever form it is written."""
    if "%" in text:
        return False
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        for network, shift in _EMBEDDED:
            if address in network:
                return _global(ipaddress.IPv4Address(int(address) >> shift & 0xFFFF_FFFF))
        if address.teredo is not None:
            return False
    return _global(address)


def _global(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified
    )


def _address(host: str, port: int, *, named: bool) -> tuple[int, Any]:
    """The family and socket address to connect to, once all of the name's are checked."""
    found = _resolved(host, port)
    for _, address in found:
        if not named and not is_public(str(address[0])):
            raise Refused(
                f"{host} is at {address[0]}, which is not a public address. "
                "To allow it, add it to FLUVIAL_OUTBOUND_ALLOW."
            )
    return found[0]


def _resolved(host: str, port: int) -> list[tuple[int, Any]]:
    """What the name stands for. The resolver knows no timeout, so it waits in a thread."""
    results: queue.SimpleQueue[list[tuple[int, Any]] | OSError] = queue.SimpleQueue()

    def resolve() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            results.put([(info[0], info[4]) for info in infos])
        except (OSError, UnicodeError) as error:
            results.put(OSError(str(error)))

    threading.Thread(target=resolve, daemon=True).start()
    try:
        found = results.get(timeout=CONNECT_SECONDS)
    except queue.Empty:
        raise Unreachable(f"The host name {host} was not resolved in time.") from None
    if isinstance(found, OSError) or not found:
        raise Unreachable(f"The host name {host} is not known: {found}.")
    return found


class _Deadline:
    """Shuts the socket when the time is over, whatever it waits for."""

    def __init__(self, seconds: float) -> None:
        self._shut_down = False
        self._end = time.monotonic() + seconds
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._shut)
        self._timer.daemon = True
        self._timer.start()

    @property
    def passed(self) -> bool:
        """Also where the socket's own time-out was a moment faster."""
        return self._shut_down or time.monotonic() >= self._end

    def watch(self, opened: socket.socket) -> None:
        self._socket = opened

    def _shut(self) -> None:
        self._shut_down = True
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self) -> None:
        self._timer.cancel()
        if self._socket is not None:
            self._socket.close()


class _Connection(http.client.HTTPConnection):
    """Speaks HTTP over a socket to the address that was checked."""

    def __init__(
        self, host: str, port: int, tls: bool, address: tuple[int, Any], deadline: _Deadline
    ) -> None:
        super().__init__(host, port, timeout=TOTAL_SECONDS)
        self._tls = tls
        self._address = address
        self._deadline = deadline
        self.default_port = PORTS["https" if tls else "http"]  # left out of the Host header

    def connect(self) -> None:
        family, address = self._address
        opened = socket.socket(family, socket.SOCK_STREAM)
        self._deadline.watch(opened)
        opened.settimeout(CONNECT_SECONDS)
        opened.connect(address)
        opened.settimeout(TOTAL_SECONDS)
        if self._tls:
            context = ssl.create_default_context()
            opened = context.wrap_socket(opened, server_hostname=self.host)
            self._deadline.watch(opened)
        self.sock = opened
