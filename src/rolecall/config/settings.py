"""Every setting, as one table: the fields of `Settings`. A new setting is one field here.

A field's name gives all its other names: `cache_mb` is the flag `--cache-mb`, the variable `ROLECALL_CACHE_MB` and the
key `cache_mb` of the TOML file. Where values come from is no concern of this module.
"""

# ruff: noqa: RUF009 (`setting` makes fields, like `dataclasses.field`, and is called once for each)

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal, TypeVar

from rolecall.config.address import Address
from rolecall.config.kinds import DOOR, LISTENERS, ORIGINS, PATH, READABLE, SERVER, SWITCH, TEXT, Kind, choice, whole

T = TypeVar("T")

LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["auto", "json", "console"]
Front = Literal["grpc", "envoy"]

PREFIX: Final = "ROLECALL_"
MASK: Final = "********"


class Section(StrEnum):
    """Headings under which settings are listed; `CLIENT` is for commands that call a server, the rest for servers."""

    STORE = "Store"
    LISTENERS = "Listeners"
    TLS = "TLS"
    FRESHNESS = "Index and freshness"
    LIMITS = "Limits and connections"
    LOGS = "Logs"
    CLIENT = "Connection"


@dataclass(frozen=True, slots=True)
class Row:
    """What the table says of one setting."""

    name: str
    kind: Kind[object]
    default: object
    section: Section
    about: str
    secret: bool

    @property
    def flag(self) -> str | None:
        """The flag; a secret has none, since everyone on the machine sees command lines."""
        return None if self.secret else "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable."""
        return PREFIX + self.name.upper()

    @property
    def group(self) -> Literal["server", "client"]:
        """Which side of the wire the setting is for."""
        return "client" if self.section is Section.CLIENT else "server"

    def shown(self, value: object) -> str:
        """Return a value for people to read; secrets are masked."""
        return MASK if self.secret and value is not None else self.kind.show(value)


def setting(kind: Kind[T], default: T, section: Section, about: str, *, secret: bool = False) -> T:
    """Make one field of the table; a secret stays out of `repr`."""
    row = Row("", kind, default, section, about, secret)
    return field(default=default, repr=not secret, metadata={"row": row})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The values in force."""

    db: Path = setting(PATH, Path("rolecall.db"), Section.STORE, "SQLite file that holds everything")
    busy_timeout_ms: int = setting(
        whole(0, 600_000), 5_000, Section.STORE, "how long a write waits while another process holds the store's lock"
    )

    listen: tuple[Address, ...] = setting(
        LISTENERS,
        (Address("127.0.0.1", 50_051),),
        Section.LISTENERS,
        "address to serve gRPC on; for several repeat the flag, or separate them by commas in the environment",
    )
    http: Address | None = setting(
        DOOR,
        Address("127.0.0.1", 8_080),
        Section.LISTENERS,
        "address to serve the HTTP API, /docs, /metrics, /healthz and /readyz on; `off` for none",
    )
    front: Front = setting(
        choice("grpc", "envoy"),
        "grpc",
        Section.LISTENERS,
        "what answers at these addresses: `grpc` itself, or `envoy`, which is faster, serves gRPC and HTTP at each of "
        "them and needs `rolecall[envoy]`",
    )
    workers: int = setting(
        whole(1, 64),
        1,
        Section.LISTENERS,
        "processes that share the addresses and the store; each has its own cache and limits on calls, and the first "
        "answers HTTP",
    )
    http_cors_origins: tuple[str, ...] = setting(
        ORIGINS,
        (),
        Section.LISTENERS,
        "origins whose web pages may call the HTTP API from a browser, `*` for all",
    )
    dev: bool = setting(
        SWITCH,
        False,
        Section.LISTENERS,
        "development mode: an app and demo data are made ready, and apps may skip signature checks; "
        "listeners must be loopback addresses or unix sockets",
    )
    trust_unix_sockets: bool = setting(
        SWITCH,
        False,
        Section.LISTENERS,
        "callers on a unix socket need no token, only an API key: whoever may open the socket is server side",
    )

    tls_cert: Path | None = setting(READABLE, None, Section.TLS, "PEM certificate chain; TCP listeners then speak TLS")
    tls_key: Path | None = setting(READABLE, None, Section.TLS, "PEM private key of the certificate, not encrypted")
    tls_client_ca: Path | None = setting(
        READABLE, None, Section.TLS, "PEM certificates of the authorities one of which must vouch for every client"
    )

    cache_mb: int = setting(
        whole(16, 65_536),
        64,
        Section.FRESHNESS,
        "bound on the memory, in MiB, for cached facts of users, calls, channels and members",
    )
    refresh_ms: int = setting(
        whole(10, 60_000), 100, Section.FRESHNESS, "how often to look for writes of other processes on the same store"
    )
    max_staleness_seconds: int = setting(
        whole(1, 86_400),
        30,
        Section.FRESHNESS,
        "how old the index may get while the store can't be read; older, calls fail with UNAVAILABLE",
    )
    min_revision_wait_seconds: int = setting(
        whole(0, 3_600),
        5,
        Section.FRESHNESS,
        "the longest wait for `min_revision` when a call has no deadline",
    )

    max_message_mb: int = setting(whole(1, 256), 4, Section.LIMITS, "largest message in MiB, received or sent")
    max_concurrent_rpcs: int = setting(
        whole(0, 1_000_000), 0, Section.LIMITS, "calls answered at the same time, others are refused; 0 for no limit"
    )
    http_requests_per_minute: int = setting(
        whole(1, 100_000_000),
        60_000,
        Section.LIMITS,
        "HTTP requests a minute of one app in each class: reads, writes, connections, without a token, refused",
    )
    http_max_connections: int = setting(
        whole(1, 1_000_000),
        12_000,
        Section.LIMITS,
        "open HTTP connections, WebSockets among them; fewer when the process may not have so many files open",
    )
    max_custom_roles: int = setting(whole(0, 100_000), 1_000, Section.LIMITS, "custom roles that one app may create")
    keepalive_time_seconds: int = setting(
        whole(1, 86_400), 60, Section.LIMITS, "silence on a connection after which the server pings"
    )
    keepalive_timeout_seconds: int = setting(
        whole(1, 3_600), 20, Section.LIMITS, "how long a ping may stay unanswered before the connection is closed"
    )
    drain_seconds: int = setting(
        whole(0, 3_600), 15, Section.LIMITS, "how long calls in flight may take to end when the server stops"
    )

    log_level: LogLevel = setting(
        choice("debug", "info", "warning", "error"), "info", Section.LOGS, "lowest level that is logged"
    )
    log_format: LogFormat = setting(
        choice("auto", "json", "console"),
        "auto",
        Section.LOGS,
        "`auto` is `console` on a terminal and `json` elsewhere",
    )

    address: Address = setting(SERVER, Address("127.0.0.1", 50_051), Section.CLIENT, "server to call")
    api_key: str | None = setting(TEXT, None, Section.CLIENT, "API key of the app to call as")
    token: str | None = setting(
        TEXT, None, Section.CLIENT, "token to call with; no flag takes it, since command lines can be seen", secret=True
    )


ROWS: Final[tuple[Row, ...]] = tuple(replace(item.metadata["row"], name=item.name) for item in fields(Settings))
"""The table in its order."""

SERVER_NAMES: Final = tuple(row.name for row in ROWS if row.group == "server")
CLIENT_NAMES: Final = tuple(row.name for row in ROWS if row.group == "client")
ALL_NAMES: Final = SERVER_NAMES + CLIENT_NAMES
