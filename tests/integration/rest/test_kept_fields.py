"""Fields of Stream's that have no effect here: taken, checked, kept and returned, on every surface."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, Final

import httpx
import pytest

from tests.doors import make_app, running
from tests.integration.rest.test_http_api import BOTH, Door

_NUMBERS: Final = count(1)
APP: Final = pytest.mark.parametrize("path", ["/api/v2/app", "/app"], ids=["v2", "legacy"])
MANY: Final = {
    "activity_metrics_config": {"messages": 3},
    "allowed_flag_reasons": ["spam", "other"],
    "async_url_enrich_enabled": True,
    "before_message_send_hook_attempt_timeout_ms": 250,
    "before_message_send_hook_url": "https://example.com/hook",
    "cdn_expiration_seconds": 14_400,
    "chat_primary_use_case": "messaging",
    "datadog_info": {"enabled": True, "site": "eu"},
    "enforce_unique_usernames": "team",
    "event_hooks": [{"id": "a", "event_types": ["message.new"]}],
    "guest_user_creation_disabled": True,
    "image_moderation_labels": ["x"],
    "max_aggregated_activities_length": 7,
    "moderation_webhook_url": "https://example.com/moderation",
    "reminders_interval": 60,
    "sns_secret": "s3cret",
    "sqs_url": "https://example.com/queue",
    "webhook_events": ["message.new"],
    "webhook_url": "https://example.com",
}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    db = tmp_path_factory.mktemp("kept") / "rolecall.db"
    app = make_app(db)
    with running(db) as started, httpx.Client(base_url=started.http, timeout=20) as http:
        yield Door(http, app)


@pytest.fixture
def name() -> str:
    """Return a name that no other test uses."""
    return f"kept-{next(_NUMBERS)}"


def read(door: Door, path: str) -> Any:
    answer = door.raw("GET", path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def write(door: Door, method: str, path: str, body: Any) -> Any:
    answer = door.raw(method, path, json=body)
    assert answer.is_success, answer.text
    return answer.json()


# --- the app ---------------------------------------------------------------------------------------------------------


@APP
def test_what_an_app_is_told_without_effect_is_returned(door: Door, path: str) -> None:
    before = read(door, path)["app"]
    write(door, "PATCH", path, {**MANY, "no_such_field": 1})
    assert read(door, path)["app"] == {**before, **MANY}
    back = {field: before[field] for field in MANY if field in before}
    write(door, "PATCH", path, {**back, "cdn_expiration_seconds": 1_209_600})
    now = read(door, path)["app"]
    assert {field: now[field] for field in back} == {**back, "cdn_expiration_seconds": 1_209_600}
    write(door, "PATCH", path, dict.fromkeys(MANY))
    assert read(door, path)["app"] == now


def test_nested_configs_of_the_app_merge(door: Door) -> None:
    write(door, "PATCH", "/app", {"file_upload_config": {"size_limit": 5, "allowed_mime_types": ["a/b"]}})
    write(door, "PATCH", "/app", {"file_upload_config": {"allowed_mime_types": [], "blocked_mime_types": ["c/d"]}})
    app = read(door, "/app")["app"]
    assert app["file_upload_config"] == {"size_limit": 5, "allowed_mime_types": [], "blocked_mime_types": ["c/d"]}
    assert app["image_upload_config"] == {"size_limit": 0}


def test_push_providers_are_on_once_set_up_and_off_when_told(door: Door) -> None:
    certificate = "-----BEGIN KEY-----\nabc\n-----END KEY-----\n"
    apn = {"development": True, "bundle_id": "com.example", "auth_key": certificate}
    write(door, "PATCH", "/app", {"apn_config": apn, "push_config": {"version": "v2", "offline_only": True}})
    push = read(door, "/app")["app"]["push_notifications"]
    assert push["apn"] == {"enabled": True, **apn}
    assert (push["version"], push["offline_only"]) == ("v2", True)
    assert push["firebase"] == push["huawei"] == push["xiaomi"] == {"enabled": False}
    write(door, "PATCH", "/app", {"apn_config": {"Disabled": True}})
    assert read(door, "/app")["app"]["push_notifications"]["apn"] == {"enabled": False, **apn}


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("enforce_unique_usernames", "yes", "enforce_unique_usernames must be one of [no app team]"),
        ("cdn_expiration_seconds", 14_399, "`cdn_expiration_seconds` must be a whole number from 14400 to 1209600"),
        ("cdn_expiration_seconds", 1_209_601, "`cdn_expiration_seconds` must be a whole number from 14400 to 1209600"),
        ("webhook_url", 5, "`webhook_url`"),
        ("webhook_url", "x" * 4_097, "`webhook_url` is longer than 4096 bytes"),
        ("event_hooks", {}, "`event_hooks`"),
        ("event_hooks", [{}] * 101, "`event_hooks` must be a list of at most 100 objects"),
        ("file_upload_config", [], "`file_upload_config`"),
        ("file_upload_config", {"size_limit": "5"}, "`file_upload_config.size_limit`"),
        ("file_upload_config", {"size_limit": -1}, "`file_upload_config.size_limit` must be a whole number from 0"),
        ("push_config", {"version": "v9"}, "push_config.version must be one of [v1 v2]"),
        ("moderation_dashboard_preferences", "x", "`moderation_dashboard_preferences`"),
        ("datadog_info", {"x": "y" * 66_000}, "at most 65536 are kept"),
    ],
)
def test_what_does_not_fit_names_its_field_and_changes_nothing(door: Door, field: str, value: Any, said: str) -> None:
    before = read(door, "/app")["app"]
    told = door.no("PATCH", "/app", 400, 4, json={"sqs_key": "other", field: value})
    assert told.startswith("UpdateApp failed with error: ")
    assert said in told
    assert read(door, "/app")["app"] == before


# --- call types ------------------------------------------------------------------------------------------------------


@BOTH
def test_what_a_call_type_is_told_without_effect_is_returned(door: Door, surface: str, name: str) -> None:
    types, one = f"{surface}/video/calltypes", f"{surface}/video/calltypes/{name}"
    body = {
        "name": name,
        "external_storage": "bucket",
        "notification_settings": {"enabled": True, "call_ring": {"enabled": True, "apns": {"title": "ring"}}},
        "settings": {
            "encryption": {"mode": "disabled"},
            "recording": {"mode": "disabled", "layout": {"name": "grid", "options": {"logo": "x"}}},
            "broadcasting": {"hls": {"layout": {"external_css_url": "https://example.com/a.css"}}},
        },
    }
    made = write(door, "POST", types, body)
    default = read(door, f"{types}/default")
    assert "external_storage" not in default
    assert made["external_storage"] == "bucket"
    ring = {"enabled": True, "apns": {"title": "ring"}, "fcm": {}}
    notified = {**default["notification_settings"], "enabled": True, "call_ring": ring}
    assert made["notification_settings"] == notified
    layout = default["settings"]["recording"]["layout"]
    assert made["settings"]["recording"]["layout"] == {**layout, "name": "grid", "options": {"logo": "x"}}
    assert made["settings"]["broadcasting"]["rtmp"] == default["settings"]["broadcasting"]["rtmp"]
    assert made["settings"]["encryption"] == {"mode": "disabled"}

    change = {
        "notification_settings": {"call_missed": {"enabled": True}},
        "settings": {"recording": {"layout": {"external_app_url": "https://example.com"}}, "encryption": None},
    }
    changed = write(door, "PUT", one, change)
    assert changed["notification_settings"] == {
        **notified,
        "call_missed": {"enabled": True, "apns": {}, "fcm": {}},
    }
    wanted = {**made["settings"]["recording"]["layout"], "external_app_url": "https://example.com"}
    assert changed["settings"] == {
        **made["settings"],
        "recording": {**made["settings"]["recording"], "layout": wanted},
    }
    plain = {key: value for key, value in changed.items() if key != "duration"}
    assert {key: value for key, value in read(door, one).items() if key != "duration"} == plain
    assert read(door, types)["call_types"][name] == plain
    assert read(door, f"{surface}/app")["app"]["call_types"][name] == plain


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"settings": {"encryption": {"mode": "maybe"}}}, "settings.encryption.mode must be one of [available"),
        ({"settings": {"encryption": "x"}}, "`settings.encryption` must be an object"),
        ({"settings": {"recording": {"layout": {"name": "round"}}}}, "settings.recording.layout.name must be one of"),
        ({"settings": {"recording": {"layout": []}}}, "`settings.recording.layout` must be an object"),
        ({"notification_settings": {"enabled": 1}}, "`notification_settings.enabled` must be true or false"),
        ({"notification_settings": {"call_ring": {"apns": 1}}}, "`notification_settings.call_ring.apns` must be"),
        ({"notification_settings": {"call_ring": 1}}, "`notification_settings.call_ring` must be an object"),
        ({"notification_settings": []}, "`notification_settings`"),
        ({"external_storage": 1}, "`external_storage`"),
    ],
)
def test_settings_that_do_not_fit_are_refused(door: Door, body: dict[str, Any], said: str) -> None:
    before = read(door, "/video/calltypes/default")
    told = door.no("PUT", "/video/calltypes/default", 400, 4, json={"grants": {"user": []}, **body})
    assert said in told
    assert read(door, "/video/calltypes/default") | {"duration": ""} == before | {"duration": ""}


# --- channel types ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("types", ["/api/v2/chat/channeltypes", "/channeltypes"], ids=["v2", "legacy"])
def test_what_a_channel_type_is_told_without_effect_is_returned(door: Door, types: str, name: str) -> None:
    kept = {
        "allowed_flag_reasons": ["spam"],
        "automod_thresholds": {"toxic": {"block": 0.5}},
        "blocklist": "words",
        "blocklist_behavior": "shadow_block",
        "blocklists": [{"blocklist": "words", "behavior": "flag"}],
        "chat_preferences": {"quotes": True},
        "partition_size": 10,
        "partition_ttl": "168h",
    }
    made = write(door, "POST", types, {"name": name, **kept, "no_such_field": 1})
    assert made | kept == made
    assert not kept.keys() & read(door, f"{types}/messaging").keys()
    changed = write(door, "PUT", f"{types}/{name}", {"blocklist": "", "partition_size": None})
    assert changed | kept | {"blocklist": ""} == changed
    for found in (read(door, f"{types}/{name}"), read(door, "/app")["app"]["channel_configs"][name]):
        assert found | kept | {"blocklist": ""} == found


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("allowed_flag_reasons", "spam"),
        ("allowed_flag_reasons", [1]),
        ("automod_thresholds", []),
        ("blocklist", 1),
        ("blocklist_behavior", "ignore"),
        ("blocklists", [1]),
        ("chat_preferences", True),
        ("partition_size", -1),
        ("partition_size", 1.5),
        ("partition_ttl", 1),
    ],
)
def test_what_does_not_fit_a_channel_type_is_refused(door: Door, field: str, value: Any) -> None:
    before = read(door, "/channeltypes/team")
    assert field in door.no("PUT", "/channeltypes/team", 400, 4, json={"polls": not before["polls"], field: value})
    assert read(door, "/channeltypes/team") | {"duration": ""} == before | {"duration": ""}
