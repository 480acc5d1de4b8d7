"""Settings: one table of name, default and help, read from `FLUVIAL_*` variables."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from .problems import Problem

FEATURES = ("rules", "forms", "kanban", "ledger", "reports", "processes", "conversations")


@dataclass(frozen=True)
class Setting:
    name: str  # without FLUVIAL_
    default: str
    help: str


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "DATABASE_URL",
        "",
        "The database: `postgresql://user:password@host/name`, or `sqlite:///path`. "
        "Empty: a SQLite file in the data directory.",
    ),
    Setting(
        "REDIS_URL",
        "",
        "A Redis server that wakes Celery workers. Empty: an embedded worker in the web process. "
        "By `rediss://` its certificate has to be trusted by the system, or by "
        "`?ssl_ca_certs=FILE`.",
    ),
    Setting("DATA_DIR", "data", "The directory of the SQLite file and of uploaded files."),
    Setting("HOST", "127.0.0.1", "The address that the web server listens on."),
    Setting("PORT", "8000", "The port that the web server listens on."),
    Setting(
        "BASE_URL",
        "",
        "The address at which people reach Fluvial, used for links in mails. "
        "Empty: `http://HOST:PORT`.",
    ),
    Setting(
        "SMTP_URL",
        "",
        "The mail server: `smtp://user:password@host:port?from=name@example.com`; `smtps://` for "
        "TLS from the start. Empty: mails wait until this is set.",
    ),
    Setting("ZONE", "UTC", "The time zone of the business, used by `today()`."),
    Setting(
        "LOCALE",
        "en",
        "The language and region of texts, dates and numbers on pages; people can choose "
        "another language for themselves.",
    ),
    Setting(
        "SECRET_KEY",
        "",
        "Signs links and one-time tokens. Empty: generated once and kept in the data directory.",
    ),
    Setting(
        "OIDC_ISSUER",
        "",
        "The provider of single sign-on by OpenID Connect: `https://login.example.com`.",
    ),
    Setting("OIDC_CLIENT_ID", "", "What the provider calls this site."),
    Setting("OIDC_CLIENT_SECRET", "", "The secret that the provider has given this site."),
    Setting("OIDC_LABEL", "Single sign-on", "What stands on the button of single sign-on."),
    Setting("ADMIN_EMAIL", "admin@example.com", "The first administrator's e-mail address."),
    Setting(
        "ADMIN_PASSWORD",
        "",
        "The first administrator's password. Empty: a random one, printed once.",
    ),
    Setting(
        "OUTBOUND_ALLOW",
        "",
        "Non-public addresses that webhooks may reach, separated by commas: "
        "`127.0.0.1:9000,hooks.internal:443`.",
    ),
    Setting(
        "ENV",
        "production",
        "`development` shows more details and allows FLUVIAL_NOW; as long as only this computer "
        "reaches the server, people of sample data can sign in. `make run` sets it.",
    ),
    Setting(
        "NOW",
        "",
        "Only in development: the date and time (RFC 3339) at which the clock starts.",
    ),
    Setting(
        "KINDS",
        "",
        "More field kinds, as comma-separated `package.module:Class`, in addition to those of "
        "installed packages.",
    ),
    Setting(
        "SLOW_MS",
        "500",
        "Reads that take longer (in milliseconds) are logged and shown in the studio. 0: none.",
    ),
    Setting(
        "THREADS", "8", "The number of worker threads on PostgreSQL, each with its own connection."
    ),
    Setting(
        "PROXIES",
        "",
        "The addresses and networks of proxies in front, separated by commas: "
        "`10.0.0.1,10.1.0.0/16`. "
        "Only they may say in `X-Forwarded-*` who sent a request.",
    ),
    Setting("HEAD_SECONDS", "10", "How long a client may take for the head of a request."),
    Setting(
        "BODY_SECONDS",
        "30",
        "How long a client may take for the body, plus a second for every 1,000 bytes received.",
    ),
    Setting("IDLE_SECONDS", "15", "How long a connection stays open between two requests."),
    Setting("SEND_SECONDS", "60", "How long an answer waits for a client that takes none of it."),
    Setting(
        "SETUP_SECONDS",
        "60",
        "How long a process that starts waits for others that are setting up the same database.",
    ),
)


@dataclass(frozen=True)
class Settings:
    """The settings in force, typed."""

    database_url: str
    redis_url: str
    data_dir: Path
    host: str
    port: int
    base_url: str
    base_given: bool  # whether somebody has set it
    smtp_url: str
    zone: str
    locale: str
    secret_key: str
    oidc_issuer: str
    oidc_client_id: str
    oidc_client_secret: str
    oidc_label: str
    admin_email: str
    admin_password: str
    outbound_allow: tuple[str, ...]
    env: str
    now: str
    kinds: tuple[str, ...]
    slow_ms: int
    threads: int
    proxies: tuple[str, ...]
    head_seconds: int
    body_seconds: int
    idle_seconds: int
    send_seconds: int
    setup_seconds: int

    @property
    def development(self) -> bool:
        return self.env == "development"

    @property
    def private(self) -> bool:
        """Whether it is a developer's server that nobody but their own computer reaches."""
        hosts = (self.host, urlsplit(self.base_url).hostname or "")
        return self.development and all(_is_here(host) for host in hosts)


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from the environment; everything that is not set has its default."""
    text = {s.name: environ.get(f"FLUVIAL_{s.name}", "") or s.default for s in SETTINGS}
    data_dir = Path(text["DATA_DIR"]).absolute()
    host, port = text["HOST"], _whole(text, "PORT", 0, 65_535)
    return Settings(
        database_url=text["DATABASE_URL"] or f"sqlite:///{data_dir / 'fluvial.db'}",
        redis_url=text["REDIS_URL"],
        data_dir=data_dir,
        host=host,
        port=port,
        base_url=(text["BASE_URL"] or f"http://{host}:{port}").rstrip("/"),
        base_given=bool(text["BASE_URL"]),
        smtp_url=text["SMTP_URL"],
        zone=text["ZONE"],
        locale=text["LOCALE"],
        secret_key=text["SECRET_KEY"] or _kept_secret(data_dir),
        oidc_issuer=text["OIDC_ISSUER"],
        oidc_client_id=text["OIDC_CLIENT_ID"],
        oidc_client_secret=text["OIDC_CLIENT_SECRET"],
        oidc_label=text["OIDC_LABEL"],
        admin_email=text["ADMIN_EMAIL"],
        admin_password=text["ADMIN_PASSWORD"],
        outbound_allow=_several(text["OUTBOUND_ALLOW"]),
        env=text["ENV"],
        now=text["NOW"] if text["ENV"] == "development" else "",
        kinds=_several(text["KINDS"]),
        slow_ms=_whole(text, "SLOW_MS"),
        threads=_whole(text, "THREADS", 1, 1_000),
        proxies=_several(text["PROXIES"]),
        head_seconds=_whole(text, "HEAD_SECONDS", 1),
        body_seconds=_whole(text, "BODY_SECONDS", 1),
        idle_seconds=_whole(text, "IDLE_SECONDS", 1),
        send_seconds=_whole(text, "SEND_SECONDS", 1),
        setup_seconds=_whole(text, "SETUP_SECONDS"),
    )


def _whole(text: Mapping[str, str], name: str, low: int = 0, high: int = 1_000_000) -> int:
    given = text[name].strip()
    if not (given.isascii() and given.isdigit() and low <= int(given) <= high):
        raise Problem(f"FLUVIAL_{name} must be a whole number from {low} to {high}, not {given!r}.")
    return int(given)


def _several(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _kept_secret(data_dir: Path) -> str:
    """The secret of this installation, made once and readable by its owner alone."""
    path = data_dir / "secret.key"
    data_dir.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii")
    with os.fdopen(handle, "w", encoding="ascii") as file:
        secret = secrets.token_urlsafe(32)
        file.write(secret)
    return secret
