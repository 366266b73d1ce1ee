"""Settings: every source, every range, every error text, and the views of the table."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from rolecall.config import (
    ALL_NAMES,
    CLIENT_NAMES,
    ROWS,
    SERVER_NAMES,
    Address,
    ConfigError,
    Resolved,
    Settings,
    add_flags,
    reference,
    render,
    resolve,
)
from rolecall.config.address import parse_address
from rolecall.config.errors import Refused

RANGES = {
    "busy_timeout_ms": (0, 600_000),
    "workers": (1, 64),
    "cache_mb": (16, 65_536),
    "refresh_ms": (10, 60_000),
    "max_staleness_seconds": (1, 86_400),
    "min_revision_wait_seconds": (0, 3_600),
    "max_message_mb": (1, 256),
    "max_concurrent_rpcs": (0, 1_000_000),
    "max_custom_roles": (0, 100_000),
    "http_requests_per_minute": (1, 100_000_000),
    "http_max_connections": (1, 1_000_000),
    "keepalive_time_seconds": (1, 86_400),
    "keepalive_timeout_seconds": (1, 3_600),
    "drain_seconds": (0, 3_600),
}
SWITCHES = ("dev", "trust_unix_sockets")


def from_environment(**values: str) -> Resolved:
    return resolve({}, {"ROLECALL_" + name.upper(): value for name, value in values.items()})


def from_file(path: Path, text: str) -> Resolved:
    file = path / "rolecall.toml"
    file.write_text(text)
    return resolve({}, {}, file)


def problems(
    flags: Mapping[str, object], environ: Mapping[str, str] | None = None, config_file: Path | None = None
) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        resolve(flags, environ or {}, config_file)
    return list(caught.value.problems)


@pytest.fixture(scope="session")
def pem_contents() -> dict[str, bytes]:
    """Make a certificate, its key, a key of another, and the key under a password."""
    authority = trustme.CA()
    issued, other = authority.issue_cert("localhost"), authority.issue_cert("localhost")
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    encrypted = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password"))
    return {
        "cert": issued.cert_chain_pems[0].bytes(),
        "key": issued.private_key_pem.bytes(),
        "other": other.private_key_pem.bytes(),
        "encrypted": encrypted,
        "garbage": b"nothing",
    }


@pytest.fixture
def pem(tmp_path: Path, pem_contents: dict[str, bytes]) -> dict[str, str]:
    for name, content in pem_contents.items():
        (tmp_path / name).write_bytes(content)
    return {name: str(tmp_path / name) for name in pem_contents}


# --- the table -------------------------------------------------------------------------------------------------------


def test_defaults() -> None:
    assert resolve({}, {}).settings == Settings(
        db=Path("rolecall.db"),
        busy_timeout_ms=5000,
        listen=(Address("127.0.0.1", 50051),),
        http=Address("127.0.0.1", 8080),
        http_cors_origins=(),
        dev=False,
        trust_unix_sockets=False,
        tls_cert=None,
        tls_key=None,
        tls_client_ca=None,
        cache_mb=64,
        refresh_ms=100,
        max_staleness_seconds=30,
        min_revision_wait_seconds=5,
        max_message_mb=4,
        max_concurrent_rpcs=0,
        max_custom_roles=1000,
        keepalive_time_seconds=60,
        keepalive_timeout_seconds=20,
        drain_seconds=15,
        log_level="info",
        log_format="auto",
        address=Address("127.0.0.1", 50051),
        api_key=None,
        token=None,
    )


def test_defaults_are_what_their_own_kinds_accept() -> None:
    for row in ROWS:
        if row.default is not None:
            assert row.kind.text(row.shown(row.default)) == row.default, row.name


def test_groups_divide_the_table() -> None:
    assert CLIENT_NAMES == ("address", "api_key", "token")
    assert SERVER_NAMES + CLIENT_NAMES == ALL_NAMES == tuple(field.name for field in fields(Settings))


def test_every_number_has_its_range_tested_here() -> None:
    assert set(RANGES) == {row.name for row in ROWS if row.kind.metavar == "N"}
    assert set(SWITCHES) == {row.name for row in ROWS if row.kind.shape == "switch"}


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().cache_mb = 1  # type: ignore[misc]


# --- sources ---------------------------------------------------------------------------------------------------------


def test_flags_win_over_environment_over_file_over_default(tmp_path: Path) -> None:
    file = tmp_path / "rolecall.toml"
    file.write_text("cache_mb = 25\nrefresh_ms = 50\ndrain_seconds = 5\n")
    environ = {"ROLECALL_CACHE_MB": "6", "ROLECALL_REFRESH_MS": "60"}

    resolved = resolve({"cache_mb": "27"}, environ, file)

    settings = resolved.settings
    assert (settings.cache_mb, settings.refresh_ms, settings.drain_seconds) == (27, 60, 5)
    assert {name: str(resolved.origins[name]) for name in ("cache_mb", "refresh_ms", "drain_seconds", "db")} == {
        "cache_mb": "flag `--cache-mb`",
        "refresh_ms": "env `ROLECALL_REFRESH_MS`",
        "drain_seconds": f"file {file}: drain_seconds",
        "db": "default",
    }


def test_a_false_switch_on_the_command_line_wins_too() -> None:
    assert resolve({"dev": False}, {"ROLECALL_DEV": "true"}).settings.dev is False


def test_a_value_that_is_overridden_need_not_be_right() -> None:
    assert resolve({"cache_mb": "27"}, {"ROLECALL_CACHE_MB": "abc"}).settings.cache_mb == 27


def test_the_environment_names_the_file_unless_a_flag_does(tmp_path: Path) -> None:
    one, other = tmp_path / "one.toml", tmp_path / "other.toml"
    one.write_text("cache_mb = 31")
    other.write_text("cache_mb = 32")
    environ = {"ROLECALL_CONFIG": str(one)}
    assert resolve({}, environ).settings.cache_mb == 31
    assert resolve({}, environ, other).settings.cache_mb == 32


def test_an_empty_variable_counts_as_unset() -> None:
    resolved = resolve({}, {"ROLECALL_CACHE_MB": "", "ROLECALL_CONFIG": "", "ROLECALL_TOKEN": ""})
    assert resolved.settings == Settings()
    assert {origin.source for origin in resolved.origins.values()} == {"default"}


def test_an_empty_flag_does_not() -> None:
    assert problems({"db": ""}) == ["`--db` must be a path, got `` (it is empty)"]


def test_only_the_settings_asked_for_are_looked_at() -> None:
    environ = {"ROLECALL_TLS_CERT": "/nowhere", "ROLECALL_ADDRESS": "nonsense", "ROLECALL_DB": "other.db"}
    resolved = resolve({}, environ, names=("db",))
    assert resolved.settings == Settings(db=Path("other.db"))
    assert list(resolved.origins) == ["db"]


def test_what_a_parser_holds_beside_settings_is_passed_over() -> None:
    assert resolve({"command": "serve", "db": None, "json": True}, {}).settings == Settings()


# --- values ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RANGES)
def test_numbers_reach_both_ends_of_their_range_and_no_further(name: str, tmp_path: Path) -> None:
    low, high = RANGES[name]
    variable = "ROLECALL_" + name.upper()
    for good in (low, high):
        assert getattr(from_environment(**{name: str(good)}).settings, name) == good
        assert getattr(from_file(tmp_path, f"{name} = {good}").settings, name) == good
    for bad in (low - 1, high + 1):
        wanted = f"must be a whole number from {low} to {high}, got `{bad}`"
        assert problems({}, {variable: str(bad)}) == [f"`{variable}` from the environment {wanted}"]
        assert problems({name: str(bad)}) == [f"`--{name.replace('_', '-')}` {wanted}"]


@pytest.mark.parametrize("text", ["abc", "64.0", "6 4", "0x40", "1_000", "1e3", "-", "9" * 5000])
def test_what_is_not_a_whole_number_is_refused(text: str) -> None:
    (problem,) = problems({}, {"ROLECALL_CACHE_MB": text})
    start = "`ROLECALL_CACHE_MB` from the environment must be a whole number from 16 to 65536, got `"
    assert problem.startswith(start + text[:70])


@pytest.mark.parametrize("name", SWITCHES)
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("Yes", True),
        ("on", True),
        ("1", True),
        ("FALSE", False),
        ("no", False),
        ("off", False),
        ("0", False),
    ],
)
def test_switches_in_the_environment(name: str, text: str, value: bool) -> None:
    assert getattr(from_environment(**{name: text}).settings, name) is value


def test_a_switch_takes_no_other_word() -> None:
    assert problems({}, {"ROLECALL_DEV": "maybe"}) == [
        "`ROLECALL_DEV` from the environment must be `true` or `false`, got `maybe`"
    ]


def test_words() -> None:
    settings = from_environment(log_level="error", log_format="console").settings
    assert (settings.log_level, settings.log_format) == ("error", "console")
    assert problems({"log_level": "loud", "log_format": "xml"}) == [
        "`--log-level` must be one of `debug`, `info`, `warning`, `error`, got `loud`",
        "`--log-format` must be one of `auto`, `json`, `console`, got `xml`",
    ]


def test_http_can_be_off(tmp_path: Path) -> None:
    assert from_environment(http="off").settings.http is None
    assert from_file(tmp_path, 'http = "off"').settings.http is None
    assert from_file(tmp_path, "http = false").settings.http is None
    assert from_environment(http="0.0.0.0:9090").settings.http == Address("0.0.0.0", 9090)  # noqa: S104


def test_http_is_no_unix_socket() -> None:
    assert problems({"http": "unix:///run/x.sock"}) == [
        (
            "`--http` must be `host:port`, `[::1]:port` or `off`, got `unix:///run/x.sock` "
            "(a unix socket can't be used here)"
        )
    ]


ORIGINS = ("https://app.example.com", "http://localhost:3000", "http://[::1]:8081", "capacitor://localhost")


def test_origins_from_every_source(tmp_path: Path) -> None:
    text = ", ".join(ORIGINS)
    assert resolve({"http_cors_origins": text}, {}).settings.http_cors_origins == ORIGINS
    assert from_environment(http_cors_origins=text).settings.http_cors_origins == ORIGINS
    assert from_file(tmp_path, f'http_cors_origins = "{text}"').settings.http_cors_origins == ORIGINS
    assert from_file(tmp_path, f"http_cors_origins = {list(ORIGINS)}").settings.http_cors_origins == ORIGINS
    assert from_environment(http_cors_origins="HTTPS://App.example.com").settings.http_cors_origins == ORIGINS[:1]
    assert from_environment(http_cors_origins="*").settings.http_cors_origins == ("*",)


def test_there_may_be_no_origins(tmp_path: Path) -> None:
    for flag in ("", "off"):
        assert resolve({"http_cors_origins": flag}, {"ROLECALL_HTTP_CORS_ORIGINS": "*"}).settings == Settings()
    for toml in ("false", "[]", '""', '"off"'):
        assert from_file(tmp_path, f"http_cors_origins = {toml}").settings.http_cors_origins == ()


@pytest.mark.parametrize(
    "text",
    ["example.com", "https://", "https://a.com/", "https://a.com/x", "https://a b", "https://*.a", "null", "a,", ","],
)
def test_what_is_no_origin_is_refused(text: str, tmp_path: Path) -> None:
    wanted = "must be origins such as `https://app.example.com`, separated by commas, `*` or `off`, got `"
    assert problems({"http_cors_origins": text}) == [f"`--http-cors-origins` {wanted}{text}`"]
    with pytest.raises(ConfigError, match="`http_cors_origins` in "):
        from_file(tmp_path, f'http_cors_origins = ["{text}"]')


@pytest.mark.parametrize("toml", ["1", "true", "[1]", "[false]", "{ a = 1 }"])
def test_what_cannot_be_origins_is_refused(toml: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`http_cors_origins` in "):
        from_file(tmp_path, f"http_cors_origins = {toml}")


def test_every_origin_goes_with_no_other() -> None:
    (problem,) = problems({"http_cors_origins": "*,https://a.com"})
    assert problem.endswith("got `*,https://a.com` (`*` is every origin, so nothing goes with it)")


LISTENERS = (Address("127.0.0.1", 1), Address("::1", 2), Address(path="/run/x.sock"))


def test_listeners_from_every_source(tmp_path: Path) -> None:
    written = ["127.0.0.1:1", "[::1]:2", "unix:///run/x.sock"]
    assert resolve({"listen": written}, {}).settings.listen == LISTENERS
    assert from_environment(listen=", ".join(written)).settings.listen == LISTENERS
    assert from_file(tmp_path, f"listen = {written}").settings.listen == LISTENERS
    assert from_file(tmp_path, f'listen = "{",".join(written)}"').settings.listen == LISTENERS


@pytest.mark.parametrize("text", ["[]", "[1]", "1", "true", '""', '"127.0.0.1:1,"', '{ a = "b" }'])
def test_what_is_no_list_of_listeners_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"`listen` in `.*` must be `host:port`, .*, one or several, got `"):
        from_file(tmp_path, f"listen = {text}")


def test_one_address_is_listened_on_once() -> None:
    assert problems({"listen": ["[::1]:1", "unix:///a", "[::1]:1", "unix:///a"]}) == [
        "`--listen` must not name `[::1]:1` twice",
        "`--listen` must not name `unix:///a` twice",
    ]
    assert len(resolve({"listen": ["127.0.0.1:0", "127.0.0.1:0"]}, {}).settings.listen) == 2


@pytest.mark.parametrize(
    ("toml", "takes", "got"),
    [
        ('cache_mb = "64"', "a whole number from 16 to 65536", '"64"'),
        ("cache_mb = 64.0", "a whole number from 16 to 65536", "64.0"),
        ("cache_mb = true", "a whole number from 16 to 65536", "true"),
        ("max_message_mb = true", "a whole number from 1 to 256", "true"),
        ('dev = "true"', "`true` or `false`", '"true"'),
        ("dev = 1", "`true` or `false`", "1"),
        ("db = 1", "a path", "1"),
        ("log_level = 1", "one of `debug`, `info`, `warning`, `error`", "1"),
        ("cache_mb = 2020-01-01", "a whole number from 16 to 65536", '"2020-01-01"'),
        ("api_key = []", "text", "[]"),
    ],
)
def test_values_in_the_file_have_their_types(toml: str, takes: str, got: str, tmp_path: Path) -> None:
    file = tmp_path / "rolecall.toml"
    file.write_text(toml)
    name = toml.partition(" ")[0]
    assert problems({}, {}, file) == [f"`{name}` in `{file}` must be {takes}, got `{got}`"]


def test_control_characters_are_refused_and_escaped() -> None:
    assert problems({"db": "a\nb", "api_key": "\x1b[31m"}) == [
        "`--db` must be a path, got `a\\nb` (it holds a control character)",
        "`--api-key` must be text, got `\\x1b[31m` (it holds a control character)",
    ]


# --- addresses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:50051", Address("127.0.0.1", 50051)),
        ("0.0.0.0:0", Address("0.0.0.0", 0)),  # noqa: S104
        ("localhost:65535", Address("localhost", 65535)),
        ("call_server-1.internal:1", Address("call_server-1.internal", 1)),
        ("[::1]:50051", Address("::1", 50051)),
        ("[fe80::1%eth0]:1", Address("fe80::1%eth0", 1)),
        ("unix:///run/rolecall.sock", Address(path="/run/rolecall.sock")),
        ("unix:///" + "x" * 106, Address(path="/" + "x" * 106)),
    ],
)
def test_an_address_is_read_and_written_back(text: str, address: Address) -> None:
    assert parse_address(text) == address
    assert str(address) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the host or the port is missing"),
        (":50051", "the host or the port is missing"),
        ("50051", "the host or the port is missing"),
        ("localhost", "the host or the port is missing"),
        ("localhost:", "a port is a number from 0 to 65535"),
        ("localhost:http", "a port is a number from 0 to 65535"),
        ("localhost:65536", "a port is a number from 0 to 65535"),
        ("localhost:-1", "a port is a number from 0 to 65535"),
        ("localhost:\u0661", "a port is a number from 0 to 65535"),
        ("::1:50051", "an IPv6 address is written in brackets: `[::1]:port`"),
        ("[::1]", "an IPv6 address is written `[::1]:port`"),
        ("[127.0.0.1]:1", "an IPv6 address is written `[::1]:port`"),
        ("[::x]:1", "an IPv6 address is written `[::1]:port`"),
        ("300.0.0.1:1", "the host is neither a name nor an address"),
        ("127.1:1", "the host is neither a name nor an address"),
        ("a b:1", "the host is neither a name nor an address"),
        ("-a:1", "the host is neither a name nor an address"),
        ("unix:x.sock", "a unix socket is `unix://` and an absolute path"),
        ("unix://x.sock", "a unix socket is `unix://` and an absolute path"),
        ("unix:///", "a unix socket is `unix://` and an absolute path"),
        ("unix:///a\x00b", "a unix socket is `unix://` and an absolute path"),
        ("unix:///a,b", "there is no comma in the path of a unix socket: gRPC takes it for the end"),
        ("unix:///" + "x" * 107, "the path of a unix socket has at most 107 bytes"),
        ("unix:///" + "é" * 54, "the path of a unix socket has at most 107 bytes"),
    ],
)
def test_what_is_no_address_is_refused(text: str, why: str) -> None:
    with pytest.raises(Refused) as caught:
        parse_address(text)
    assert str(caught.value) == why


def test_a_client_needs_a_port_to_call() -> None:
    assert problems({"address": "localhost:0"}) == [
        (
            "`--address` must be `host:port`, `[::1]:port` or `unix:///path`, got `localhost:0` "
            "(a port is a number from 1 to 65535)"
        )
    ]


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("127.0.0.1:1", True),
        ("127.8.9.10:1", True),
        ("LocalHost:1", True),
        ("[::1]:1", True),
        ("[::ffff:127.0.0.1]:1", True),
        ("unix:///a", True),
        ("0.0.0.0:1", False),
        ("[::]:1", False),
        ("[::ffff:10.0.0.1]:1", False),
        ("10.0.0.1:1", False),
        ("localhost.example.org:1", False),
        ("127.0.0.1.example.org:1", False),
    ],
)
def test_local_addresses(text: str, local: bool) -> None:
    assert parse_address(text).is_local is local


# --- settings together -----------------------------------------------------------------------------------------------


def test_development_stays_on_this_machine() -> None:
    flags = {"dev": True, "listen": ["127.0.0.1:1", "0.0.0.0:2", "unix:///a"]}
    assert problems(flags, {"ROLECALL_HTTP": "[::]:8080"}) == [
        "`--listen` must be a loopback address or a unix socket while `dev` is on, got `0.0.0.0:2`",
        (
            "`ROLECALL_HTTP` from the environment must be a loopback address or a unix socket while `dev` is on, "
            "got `[::]:8080`"
        ),
    ]
    assert resolve({**flags, "dev": False}, {}).settings.dev is False
    assert resolve({"dev": True, "listen": ["[::1]:1", "unix:///a"], "http": "off"}, {}).settings.dev is True


def test_tls_files_that_fit(pem: dict[str, str]) -> None:
    settings = resolve({"tls_cert": pem["cert"], "tls_key": pem["key"], "tls_client_ca": pem["cert"]}, {}).settings
    assert (settings.tls_cert, settings.tls_key, settings.tls_client_ca) == (
        Path(pem["cert"]),
        Path(pem["key"]),
        Path(pem["cert"]),
    )


def test_certificate_and_key_go_together(pem: dict[str, str]) -> None:
    assert problems({"tls_cert": pem["cert"]}) == ["`--tls-cert` needs `tls_key`"]
    assert problems({}, {"ROLECALL_TLS_KEY": pem["key"]}) == [
        "`ROLECALL_TLS_KEY` from the environment needs `tls_cert`"
    ]
    assert problems({"tls_client_ca": pem["cert"]}) == ["`--tls-client-ca` needs `tls_cert` and `tls_key`"]
    assert problems({"tls_client_ca": pem["cert"], "tls_key": pem["key"]}) == [
        "`--tls-key` needs `tls_cert`",
        "`--tls-client-ca` needs `tls_cert`",
    ]


def test_what_was_not_asked_for_is_not_missed(pem: dict[str, str]) -> None:
    assert resolve({"tls_cert": pem["cert"]}, {}, names=("tls_cert",)).settings.tls_cert == Path(pem["cert"])


@pytest.mark.parametrize("name", ["tls_cert", "tls_key", "tls_client_ca"])
def test_tls_files_must_be_readable(name: str, pem: dict[str, str], tmp_path: Path) -> None:
    good: dict[str, object] = {"tls_cert": pem["cert"], "tls_key": pem["key"], "tls_client_ca": pem["cert"]}
    flag = "--" + name.replace("_", "-")
    for bad, why in ((str(tmp_path / "none"), "no such file or directory"), (str(tmp_path), "is a directory")):
        (problem,) = problems({**good, name: bad})
        assert problem.startswith(f"`{flag}` must be the path of a file that can be read, got `")
        assert problem.endswith(f" ({why})")


@pytest.mark.parametrize("key", ["other", "encrypted", "garbage", "cert"])
def test_the_key_must_be_the_certificates(key: str, pem: dict[str, str]) -> None:
    (problem,) = problems({"tls_cert": pem["cert"], "tls_key": pem[key]})
    assert problem.startswith("`--tls-key` must hold the private key of `tls_cert` in PEM, not encrypted, got `")


def test_certificates_must_be_pem(pem: dict[str, str]) -> None:
    (problem,) = problems({"tls_cert": pem["garbage"], "tls_key": pem["key"]})
    assert problem.startswith("`--tls-cert` must hold certificates in PEM, got `")
    (problem,) = problems({"tls_cert": pem["cert"], "tls_key": pem["key"], "tls_client_ca": pem["key"]})
    assert problem.startswith("`--tls-client-ca` must hold certificates in PEM, got `")


# --- problems --------------------------------------------------------------------------------------------------------


def test_all_problems_are_told_at_once_in_the_tables_order(tmp_path: Path) -> None:
    file = tmp_path / "rolecall.toml"
    file.write_text("drain_seconds = -1\nchache_mb = 64\nzzz = 1\n")
    flags = {"refresh_ms": "1", "listen": ["0.0.0.0:1"], "dev": True}
    found = problems(flags, {"ROLECALL_CACHE_MB": "abc"}, file)
    assert found == [
        f"`chache_mb` in `{file}` is not a setting; did you mean `cache_mb`?",
        f"`zzz` in `{file}` is not a setting",
        "`ROLECALL_CACHE_MB` from the environment must be a whole number from 16 to 65536, got `abc`",
        "`--refresh-ms` must be a whole number from 10 to 60000, got `1`",
        f"`drain_seconds` in `{file}` must be a whole number from 0 to 3600, got `-1`",
        "`--listen` must be a loopback address or a unix socket while `dev` is on, got `0.0.0.0:1`",
    ]
    with pytest.raises(ConfigError) as caught:
        resolve(flags, {"ROLECALL_CACHE_MB": "abc"}, file)
    assert str(caught.value) == "\n".join(found)


def test_a_setting_that_is_wrong_by_itself_is_not_blamed_twice(pem: dict[str, str]) -> None:
    assert problems({"tls_cert": "/nowhere/cert", "tls_key": pem["key"]}) == [
        "`--tls-cert` must be the path of a file that can be read, got `/nowhere/cert` (no such file or directory)"
    ]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    assert problems({}, {}, missing) == [f"`--config` must be a TOML file, got `{missing}` (no such file or directory)"]
    assert problems({}, {"ROLECALL_CONFIG": str(missing)}) == [
        f"`ROLECALL_CONFIG` from the environment must be a TOML file, got `{missing}` (no such file or directory)"
    ]


@pytest.mark.parametrize("content", [b"cache_mb 64", b"cache_mb = 64\ncache_mb = 65", b"\xff\xfe", b"[a\n"])
def test_a_file_that_is_not_toml(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "rolecall.toml"
    file.write_bytes(content)
    (problem,) = problems({"cache_mb": "28"}, {}, file)
    assert problem.startswith(f"`--config` must be a TOML file, got `{file}` (")


def test_unknown_variables_are_only_a_warning() -> None:
    environ = {"ROLECALL_CACHEMB": "1", "ROLECALL_ZZZZZZZZ": "1", "CACHE_MB": "1", "ROLECALL_CONFIG": ""}
    assert resolve({}, environ).warnings == (
        "`ROLECALL_CACHEMB` from the environment is not a setting; did you mean `ROLECALL_CACHE_MB`?",
        "`ROLECALL_ZZZZZZZZ` from the environment is not a setting",
    )


def test_known_variables_are_no_warning_even_when_not_asked_for() -> None:
    environ = {row.variable: "x" for row in ROWS}
    assert resolve({}, environ, names=()).warnings == ()


def test_the_variables_of_a_kubernetes_service_are_not_ours() -> None:
    environ = {
        "ROLECALL_SERVICE_HOST": "10.0.0.1",
        "ROLECALL_SERVICE_PORT": "50051",
        "ROLECALL_SERVICE_PORT_GRPC": "50051",
        "ROLECALL_PORT": "tcp://10.0.0.1:50051",
        "ROLECALL_PORT_50051_TCP": "tcp://10.0.0.1:50051",
        "ROLECALL_PORT_50051_TCP_PROTO": "tcp",
        "ROLECALL_PORT_50051_TCP_PORT": "50051",
        "ROLECALL_PORT_50051_TCP_ADDR": "10.0.0.1",
    }
    assert resolve({}, environ).warnings == ()
    assert len(resolve({}, {"ROLECALL_PORT": "50051"}).warnings) == 1


# --- secrets ---------------------------------------------------------------------------------------------------------


def test_the_token_is_shown_nowhere(tmp_path: Path) -> None:
    resolved = from_environment(token="hush-hush", api_key="visible")
    assert resolved.settings.token == "hush-hush"
    assert "hush" not in repr(resolved)
    assert "hush" not in str([*render(resolved), *reference()])
    assert {row.name: row.value for row in render(resolved)}["token"] == "********"
    assert "visible" in repr(resolved)


def test_a_token_that_is_refused_is_not_shown_either(tmp_path: Path) -> None:
    (problem,) = problems({}, {"ROLECALL_TOKEN": "hush\nhush"})
    assert problem == (
        "`ROLECALL_TOKEN` from the environment must be text, got a value that is not shown "
        "(it holds a control character)"
    )


def test_a_secret_has_no_flag_and_takes_no_value_from_one() -> None:
    assert [row.name for row in ROWS if row.secret] == ["token"]
    assert [row.name for row in ROWS if row.flag is None] == ["token"]
    assert resolve({"token": "hush"}, {}).settings.token is None


# --- views -----------------------------------------------------------------------------------------------------------


def parser(names: tuple[str, ...]) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="rolecall", allow_abbrev=False)
    add_flags(made, names)
    return made


def test_flags_that_are_not_given_are_none() -> None:
    given = vars(parser(ALL_NAMES).parse_args([]))
    assert given == dict.fromkeys((name for name in ALL_NAMES if name != "token"), None)


def test_flags_are_parsed_into_settings() -> None:
    arguments = ["--db", "a.db", "--listen", "[::1]:1", "--listen", "unix:///a", "--dev", "--cache-mb=28", "--http=off"]
    settings = resolve(vars(parser(SERVER_NAMES).parse_args(arguments)), {"ROLECALL_DEV": "no"}).settings
    assert settings == Settings(
        db=Path("a.db"), listen=(Address("::1", 1), Address(path="/a")), dev=True, cache_mb=28, http=None
    )
    assert vars(parser(("dev",)).parse_args(["--no-dev"])) == {"dev": False}


def test_help_teaches() -> None:
    text = " ".join(parser(ALL_NAMES).format_help().split())
    for row in ROWS:
        assert (row.flag or row.variable) in text
        if row.flag is not None:
            assert row.about in text
    assert "(default: 127.0.0.1:50051)" in text
    assert "(default: false)" in text
    assert "the token is taken from ROLECALL_TOKEN" in text
    assert "--token" not in text


def test_help_of_a_few_settings_holds_no_others() -> None:
    text = parser(("db", "cache_mb")).format_help()
    assert "--db" in text
    assert "--cache-mb" in text
    assert "--listen" not in text
    assert "tls" not in text.lower()


def test_rows_of_the_config_command() -> None:
    rows = render(
        resolve({"http": "off"}, {"ROLECALL_LISTEN": "[::1]:1,unix:///a"}, names=("http", "listen", "tls_key", "dev"))
    )
    assert [(row.name, row.value, str(row.origin)) for row in rows] == [
        ("listen", "[::1]:1, unix:///a", "env `ROLECALL_LISTEN`"),
        ("http", "off", "flag `--http`"),
        ("dev", "false", "default"),
        ("tls_key", "not set", "default"),
    ]


def test_rows_of_the_reference_page() -> None:
    rows = {row.name: row for row in reference()}
    assert tuple(rows) == ALL_NAMES
    assert rows["cache_mb"]._asdict() == {
        "section": "Index and freshness",
        "name": "cache_mb",
        "takes": "a whole number from 16 to 65536",
        "default": "64",
        "flag": "--cache-mb",
        "variable": "ROLECALL_CACHE_MB",
        "about": "bound on the memory, in MiB, for cached facts of users, calls, channels and members",
    }
    assert (rows["token"].flag, rows["token"].default) == ("", "not set")
