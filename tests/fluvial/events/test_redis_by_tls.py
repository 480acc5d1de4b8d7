"""Wakes by TLS go only to a Redis whose certificate is trusted."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fluvial.events.celery_app import make_app


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a key and the certificate that it has signed itself, for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "redis.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


class TlsServer:
    """Takes connections, notes the first word that comes by each, and ends them."""

    def __init__(self, certificate: Path) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.said: list[bytes] = []
        self.came = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._socket.accept()
            except OSError:
                return
            plain.settimeout(10)
            with plain, suppress(OSError), self._context.wrap_socket(plain, server_side=True) as by:
                self.said.append(by.recv(1))
            self.came.set()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def server(certificate: Path) -> Iterator[TlsServer]:
    made = TlsServer(certificate)
    yield made
    made.close()


def test_a_certificate_that_nobody_trusts_is_refused(server: TlsServer) -> None:
    connection = make_app(f"rediss://127.0.0.1:{server.port}/0").connection_for_write()
    with pytest.raises(Exception, match="certificate verify failed"):
        connection.default_channel.client.ping()
    connection.release()
    assert server.came.wait(10) and not any(server.said)


def test_a_certificate_that_is_named_is_trusted(server: TlsServer, certificate: Path) -> None:
    trusted = f"rediss://127.0.0.1:{server.port}/0?ssl_ca_certs={certificate}"
    connection = make_app(trusted).connection_for_write()
    with pytest.raises(Exception, match="(?i)connection|closed"):
        connection.default_channel.client.ping()
    connection.release()
    assert server.came.wait(10) and b"*" in server.said
