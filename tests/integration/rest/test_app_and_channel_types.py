"""The app and channel types over HTTP, as Stream's SDKs ask for them: a real server, plain requests."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import httpx
import pytest

from tests.doors import App, make_app, running

V2: Final = "/api/v2/chat/channeltypes"
LEGACY: Final = "/channeltypes"
SURFACES: Final = (V2, LEGACY)
APP_SURFACES: Final = ("/api/v2/app", "/app")
RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z")

# fmt: off
FLAGS: Final = (
    "connect_events", "count_messages", "custom_events", "delivery_events", "mark_messages_pending", "mutes",
    "polls", "push_notifications", "quotes", "reactions", "read_events", "reminders", "replies", "search",
    "shared_locations", "skip_last_msg_update_for_system_msgs", "typing_events", "uploads", "url_enrichment",
    "user_message_reminders",
)
# fmt: on
TYPE_FIELDS: Final[dict[str, type]] = {
    **dict.fromkeys(FLAGS, bool),
    **dict.fromkeys(("automod", "automod_behavior", "message_retention", "name"), str),
    "commands": list,
    "grants": dict,
    "max_message_length": int,
    "permissions": list,
}
APP_FIELDS: Final[dict[str, Any]] = json.loads(
    """{"allow_multi_user_devices": false, "async_url_enrich_enabled": false, "auto_translation_enabled": false,
    "campaign_enabled": false, "cdn_expiration_seconds": 0, "custom_action_handler_url": "",
    "disable_auth_checks": false, "disable_permissions_checks": false, "enforce_unique_usernames": "no",
    "event_hooks": [], "feed_audit_logs_enabled": false, "file_upload_config": {"size_limit": 0},
    "guest_user_creation_disabled": false, "image_moderation_enabled": false, "image_upload_config": {"size_limit": 0},
    "max_aggregated_activities_length": 0, "member_custom_on_messages_enabled": false,
    "moderation_audio_call_moderation_enabled": false, "moderation_enabled": false,
    "moderation_llm_configurability_enabled": false, "moderation_multitenant_blocklist_enabled": false,
    "moderation_video_call_moderation_enabled": false, "moderation_webhook_url": "", "multi_tenant_enabled": false,
    "name": "untouched", "organization": "dev", "permission_version": "v2", "placement": "",
    "push_notifications": {"apn": {"development": false, "enabled": false}, "firebase": {"enabled": false},
    "huawei": {"enabled": false}, "offline_only": false, "version": "version", "xiaomi": {"enabled": false}},
    "reminders_interval": 0, "sns_key": "", "sns_secret": "", "sns_topic_arn": "", "sqs_key": "", "sqs_secret": "",
    "sqs_url": "", "suspended": false, "suspended_explanation": "", "use_hook_v2": false,
    "user_response_time_enabled": false, "user_search_disallowed_roles": [], "webhook_events": [], "webhook_url": ""}"""
)


class Site(NamedTuple):
    """A server, one app that only reads are made of, and one for writes."""

    url: str
    untouched: App
    written: App

    def ask(self, method: str, path: str, body: Any = None, *, app: App | None = None) -> httpx.Response:
        app = app or self.written
        # Issued now: a token that does not say when is refused while tokens of an app are revoked.
        headers = {"Authorization": app.token(iat=int(time.time())), "stream-auth-type": "jwt"}
        return httpx.request(method, self.url + path, params={"api_key": app.key}, headers=headers, json=body)

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, int, str]:
        answer = self.ask(method, path, body)
        said = answer.json()
        assert answer.status_code == said["StatusCode"]
        return said["StatusCode"], said["code"], said["message"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    db = tmp_path_factory.mktemp("rest") / "rolecall.db"
    untouched, written = make_app(db, "untouched"), make_app(db, "written")
    with running(db) as server:
        yield Site(server.http, untouched, written)


def check_type(found: dict[str, Any], path: str, command: type) -> None:
    assert {name: type(found[name]) for name in TYPE_FIELDS} == TYPE_FIELDS
    assert all(isinstance(item, command) for item in found["commands"])
    for name in ("created_at", "updated_at"):
        assert type(found[name]) is int if path == V2 else RFC3339.fullmatch(found[name])


# --- channel types ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SURFACES)
def test_a_channel_type_from_beginning_to_end(site: Site, path: str) -> None:
    grants = {"channel_member": ["read-channel"]}
    made = site.ask("POST", path, {"name": "whole", "commands": ["all"], "grants": grants})
    assert made.status_code == 201
    check_type(made.json(), path, str)
    assert made.json()["grants"]["channel_member"] == ["read-channel"]
    assert "giphy" in made.json()["commands"]
    assert made.json()["automod"] == "disabled"
    assert site.refused("POST", path, {"name": "whole"})[:2] == (400, 4)

    changed = site.ask("PUT", f"{path}/whole", {"max_message_length": 77, "polls": True, "commands": ["giphy"]})
    assert changed.status_code == 201
    check_type(changed.json(), path, str)
    assert (changed.json()["max_message_length"], changed.json()["polls"]) == (77, True)
    assert changed.json()["grants"] == made.json()["grants"]

    found = site.ask("GET", f"{path}/whole")
    assert found.status_code == 200
    check_type(found.json(), path, dict)
    assert [sorted(command) for command in found.json()["commands"]] == [["args", "description", "name", "set"]]
    listed = site.ask("GET", path).json()["channel_types"]
    assert {"messaging", "livestream", "team", "gaming", "commerce"} <= set(listed)
    assert listed["whole"] == {name: value for name, value in found.json().items() if name != "duration"}

    assert site.ask("DELETE", f"{path}/whole").json().keys() == {"duration"}
    for method in ("GET", "DELETE", "PUT"):
        status, code, message = site.refused(method, f"{path}/whole", {} if method == "PUT" else None)
        assert (status, code) == (404, 16)
        assert '"whole" is not a defined channel type' in message


def test_grants_null_resets_and_an_empty_object_changes_nothing(site: Site) -> None:
    start = site.ask("POST", V2, {"name": "granted"}).json()["grants"]
    assert len(start["channel_member"]) > 1
    assert "delete-message-owner" not in start["channel_member"]
    cut = site.ask("PUT", f"{V2}/granted", {"grants": {"channel_member": [], "guest": ["read-channel"]}}).json()
    assert cut["grants"] == {**start, "channel_member": [], "guest": ["read-channel"]}
    assert site.ask("PUT", f"{V2}/granted", {"grants": {}}).json()["grants"] == cut["grants"]
    assert site.ask("PUT", f"{V2}/granted", {"grants": None}).json()["grants"] == start


def test_policies_go_in_and_come_out_highest_priority_first(site: Site) -> None:
    low = {"name": "low", "priority": 5, "resources": ["ReadChannel"], "roles": [], "owner": True, "action": "Deny"}
    high = {"name": "high", "priority": 50, "resources": ["*"], "roles": ["user"], "owner": False, "action": "Allow"}
    made = site.ask("POST", V2, {"name": "ruled", "permissions": [low, high]})
    assert made.json()["permissions"] == [high, low]
    assert site.ask("GET", f"{LEGACY}/ruled").json()["permissions"] == [high, low]
    policies = site.ask("GET", "/api/v2/app").json()["app"]["policies"]["ruled"]
    assert [policy["action"] for policy in policies] == [1, 0]
    assert {key for policy in policies for key in policy} == {*low, "created_at", "updated_at"}
    assert site.ask("PUT", f"{V2}/ruled", {"permissions": []}).json()["permissions"] == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "messaging"}, "`name` can't be changed"),
        ({"updated_at": None}, "`updated_at` can't be changed"),
        ({"commands": ["giphy", "nope"]}, 'unknown command "nope"'),
        ({"automod": "loud"}, "`automod` must be one of"),
        ({"max_message_length": 20_001}, "`max_message_length` must be"),
        ({"polls": "yes"}, "`polls`"),
        ({"grants": {"user": ["no-such"]}}, 'unknown permission "no-such"'),
        (
            {"permissions": [{"name": "a", "priority": 1, "resources": ["*"], "action": "Maybe"}]},
            "permissions[0].action",
        ),
    ],
)
def test_a_bad_change_names_its_field_and_changes_nothing(site: Site, change: dict[str, Any], said: str) -> None:
    before = site.ask("GET", f"{V2}/team").json()
    status, code, message = site.refused("PUT", f"{V2}/team", {"mutes": False, **change})
    assert (status, code) == (400, 4)
    assert message.startswith("UpdateChannelType failed with error: ")
    assert said in message
    assert site.ask("GET", f"{V2}/team").json() | {"duration": ""} == before | {"duration": ""}


# --- the app ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", APP_SURFACES)
def test_the_app_has_every_field(site: Site, path: str) -> None:
    app = site.ask("GET", path, app=site.untouched).json()["app"]
    assert type(app.pop("id")) is int
    assert all(kind["name"] == name and kind["settings"] for name, kind in app.pop("call_types").items())
    configs, policies = app.pop("channel_configs"), app.pop("policies")
    for name, config in configs.items():
        assert config["name"] == name
        assert {field: type(config[field]) for field in config if field in TYPE_FIELDS} == {
            field: kind for field, kind in TYPE_FIELDS.items() if field not in {"grants", "permissions"}
        }
        assert all(isinstance(command, str) for command in config["commands"])
    assert set(policies) == set(configs) == {"messaging", "livestream", "team", "gaming", "commerce"}
    assert "user" in app.pop("grants")
    assert app == APP_FIELDS


@pytest.mark.parametrize("path", APP_SURFACES)
def test_what_is_changed_of_the_app_reads_back(site: Site, path: str) -> None:
    changes = {
        "multi_tenant_enabled": True,
        "disable_permissions_checks": True,
        "user_search_disallowed_roles": ["guest"],
        "permission_version": "v1",
    }
    back = {name: APP_FIELDS[name] for name in changes}
    for wanted in (changes, {**back, "migrate_permissions_to_v2": True}):
        answer = site.ask(
            "PATCH", path, {**wanted, "webhook_url": "https://example.com", "enforce_unique_usernames": "app"}
        )
        assert (answer.status_code, answer.json().keys()) == (200, {"duration"})
        app = site.ask("GET", path).json()["app"]
        assert {name: app[name] for name in changes} == {name: wanted[name] for name in changes}
    before = site.ask("GET", path).json()["app"]
    assert site.ask("PATCH", path, {}).status_code == site.ask("PATCH", path).status_code == 200
    assert site.ask("GET", path).json()["app"] == before


@pytest.mark.parametrize("path", APP_SURFACES)
def test_a_dry_run_checks_all_and_writes_nothing(site: Site, path: str) -> None:
    assert site.ask("PUT", "/channeltypes/team", {"grants": {"guest": ["read-channel"]}}).status_code == 201
    before = [site.ask("GET", thing).json() for thing in ("/app", "/channeltypes/team")]
    change = {"permission_version": "v2", "migrate_permissions_to_v2": True, "dry_run": True}
    assert site.ask("PATCH", path, change).status_code == 200
    assert site.refused("PATCH", path, {"permission_version": "v3", "dry_run": True})[:2] == (400, 4)
    after = [site.ask("GET", thing).json() for thing in ("/app", "/channeltypes/team")]
    assert [{**one, "duration": ""} for one in after] == [{**one, "duration": ""} for one in before]


def test_grants_of_the_app_replace_per_role_and_null_resets(site: Site) -> None:
    def grants(change: Any) -> Any:
        assert site.ask("PATCH", "/api/v2/app", {"grants": change}).status_code == 200
        return site.ask("GET", "/api/v2/app").json()["app"]["grants"]

    start = grants(None)
    assert start["user"]
    assert grants({"user": []}) == {**start, "user": []}
    assert grants({}) == {**start, "user": []}
    assert grants(start) == start


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("2026-01-01T00:00:00Z", 1_767_225_600_000_000_000),
        ("2026-01-01T00:00:00", 1_767_225_600_000_000_000),
        ("2026-01-01T02:30:00.25+02:30", 1_767_225_600_250_000_000),
        ("2025-12-31T19:00:00.123456789-05:00", 1_767_225_600_123_456_789),
    ],
)
def test_tokens_are_revoked_at_a_time_in_any_form_until_it_is_taken_back(
    site: Site, text: str, nanoseconds: int
) -> None:
    field = "revoke_tokens_issued_before"
    assert site.ask("PATCH", "/app", {field: text}).status_code == 200
    assert site.ask("GET", "/api/v2/app").json()["app"][field] == nanoseconds
    assert site.ask("GET", "/app").json()["app"][field].startswith("2026-01-01T00:00:00.")
    assert site.ask("PATCH", "/app", {field: None}).status_code == 200
    assert field not in site.ask("GET", "/api/v2/app").json()["app"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"enforce_unique_usernames": "yes"}, "enforce_unique_usernames must be one of [no app team]"),
        ({"permission_version": "v3"}, "`permission_version` must be `v1` or `v2`"),
        ({"permission_version": "v1", "migrate_permissions_to_v2": True}, "`migrate_permissions_to_v2` needs"),
        ({"revoke_tokens_issued_before": "soon"}, "`revoke_tokens_issued_before` must be a time"),
        ({"revoke_tokens_issued_before": "2026-02-30T00:00:00Z"}, "`revoke_tokens_issued_before` must be a time"),
        ({"revoke_tokens_issued_before": "0001-01-01T00:00:00+23:59"}, "`revoke_tokens_issued_before` must be a time"),
        ({"revoke_tokens_issued_before": 5}, "`revoke_tokens_issued_before`"),
        ({"disable_auth_checks": True}, "`disable_auth_checks` is for development only"),
        ({"grants": {"nobody": []}}, 'role "nobody" does not exist'),
    ],
)
def test_a_bad_change_of_the_app_changes_nothing(site: Site, change: dict[str, Any], said: str) -> None:
    before = site.ask("GET", "/api/v2/app").json()["app"]
    status, code, message = site.refused("PATCH", "/api/v2/app", {"multi_tenant_enabled": True, **change})
    assert (status, code) == (400, 4)
    assert message.startswith("UpdateApp failed with error: ")
    assert said in message
    assert site.ask("GET", "/api/v2/app").json()["app"] == before
