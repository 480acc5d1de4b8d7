"""The guarded client: which addresses it reaches, and how long it waits."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from fluvial.services import outbound
from fluvial.services.outbound import Refused, Unreachable, call, checked_url, is_public
from tests.webhooks import HANG, WebhookSink


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "0.0.0.0",
     "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1",
     "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "2001:db8::1",
     "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
     "2002:7f00:1::", "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2"],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::808:808"],
)
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    ["http://169.254.169.254/", "http://localhost/", "http://10.0.0.1/", "http://[::1]/",
     "http://[::ffff:127.0.0.1]/", "http://2130706433/", "http://0x7f.1/", "http://127.1/",
     "http://0/", "file:///etc/passwd", "gopher://example.org/", "ftp://example.org/",
     "http://user:secret@example.org/", "http://example.org:22/", "http://example.org:6379/",
     "http:///path", "http://exa mple.org/", "http://example.org/\r\nX: y", "http://example.org:0/",
     "http://example.org:99999/", "http://[::1", "//example.org/"],
)  # fmt: skip
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(Refused):
        call("POST", url, b"{}", {})


def test_nothing_connects_to_a_refused_address(webhook_sink: WebhookSink) -> None:
    for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
        with pytest.raises(Refused):
            call("POST", f"http://{host}:{webhook_sink.port}/", b"{}", {})
    assert webhook_sink.deliveries == []


def test_a_name_that_leads_inwards_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def inwards(host: str, port: int, type: int) -> list[object]:
        public = (socket.AF_INET, type, 6, "", ("93.184.216.34", port))
        return [public, (socket.AF_INET, type, 6, "", ("10.1.2.3", port))]

    monkeypatch.setattr(socket, "getaddrinfo", inwards)
    with pytest.raises(Refused, match="10.1.2.3"):
        call("POST", "https://hooks.example.com/", b"{}", {})


def test_what_is_named_may_be_reached(webhook_sink: WebhookSink) -> None:
    place = f"127.0.0.1:{webhook_sink.port}"
    answer = call("POST", f"http://{place}/a/b?c=d", b'{"x":1}', {"webhook-id": "7"}, allow=[place])
    assert answer.status == 200
    (delivery,) = webhook_sink.deliveries
    assert delivery.path == "/a/b?c=d"
    assert delivery.body == b'{"x":1}'
    assert delivery.headers["webhook-id"] == "7"
    assert delivery.headers["host"] == place


def test_redirects_are_not_followed(webhook_sink: WebhookSink) -> None:
    place = f"127.0.0.1:{webhook_sink.port}"
    webhook_sink.replies.append(302)
    assert call("POST", f"http://{place}/", b"{}", {}, allow=[place]).status == 302
    assert len(webhook_sink.deliveries) == 1


def test_the_deadline_ends_a_hanging_call(
    webhook_sink: WebhookSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "TOTAL_SECONDS", 0.5)
    place = f"127.0.0.1:{webhook_sink.port}"
    webhook_sink.replies.append(HANG)
    started = time.monotonic()
    with pytest.raises(Unreachable, match="0.5 seconds"):
        call("POST", f"http://{place}/", b"{}", {}, allow=[place])
    assert time.monotonic() - started < 3


@pytest.fixture
def dripping() -> Iterator[int]:
    """A server that sends a byte of its answer now and then."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        client, _ = server.accept()
        with client:
            try:
                client.recv(65536)
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                while True:
                    client.sendall(b".")
                    time.sleep(0.05)
            except OSError:
                pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.getsockname()[1]
    thread.join(5)
    server.close()


def test_the_deadline_holds_for_the_whole_answer(
    dripping: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "TOTAL_SECONDS", 0.5)
    place = f"127.0.0.1:{dripping}"
    with pytest.raises(Unreachable):
        call("POST", f"http://{place}/", b"{}", {}, allow=[place])


def test_a_closed_port_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    place = f"127.0.0.1:{port}"
    with pytest.raises(Unreachable):
        call("POST", f"http://{place}/", b"{}", {}, allow=[place])


def test_ports_of_the_web_need_no_permission() -> None:
    assert checked_url("https://hooks.example.com/x")[1] == 443
    assert checked_url("http://hooks.example.com:8443/", ["hooks.example.com:8443"])[1] == 8443
