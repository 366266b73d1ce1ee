"""The settings of an app that are taken, kept and returned, and have no effect: one row each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from rolecall.domain.settings import flag, texts
from rolecall.transports.rest.extras import Extra, ExtraFields, block, line, one_of, tree, trees, whole

_OFF: Final = Extra(flag(), default=False)
_FLAG: Final = Extra(flag())
_LINE: Final = Extra(line(), default="")
_OPTIONAL: Final = Extra(line())
_BLOCK: Final = Extra(block())
_COUNT: Final = Extra(whole(0), default=0)
_TEXTS: Final = Extra(texts())
_TREE: Final = Extra(tree())


def _uploads(name: str) -> dict[str, Extra]:
    return {
        f"{name}.size_limit": _COUNT,
        f"{name}.allowed_file_extensions": _TEXTS,
        f"{name}.allowed_mime_types": _TEXTS,
        f"{name}.blocked_file_extensions": _TEXTS,
        f"{name}.blocked_mime_types": _TEXTS,
    }


EXTRAS: Final[ExtraFields] = {
    "activity_metrics_config": _TREE,
    "allow_multi_user_devices": _OFF,
    "allowed_flag_reasons": _TEXTS,
    "async_moderation_config": _TREE,
    "async_url_enrich_enabled": _OFF,
    "auto_translation_enabled": _OFF,
    "before_message_send_hook_attempt_timeout_ms": Extra(whole(0)),
    "before_message_send_hook_url": _OPTIONAL,
    "cdn_expiration_seconds": Extra(whole(14_400, 1_209_600), default=0),
    "channel_hide_members_only": _FLAG,
    "chat_primary_use_case": _OPTIONAL,
    "custom_action_handler_url": _LINE,
    "datadog_info": _TREE,
    "enable_hook_payload_compression": _FLAG,
    "enforce_unique_usernames": Extra(one_of("no", "app", "team"), default="no"),
    "event_hooks": Extra(trees(), default=()),
    "feed_audit_logs_enabled": _OFF,
    "feeds_moderation_enabled": _FLAG,
    "feeds_v2_region": _OPTIONAL,
    **_uploads("file_upload_config"),
    "guest_user_creation_disabled": _OFF,
    "image_moderation_block_labels": _TEXTS,
    "image_moderation_enabled": _OFF,
    "image_moderation_labels": _TEXTS,
    **_uploads("image_upload_config"),
    "max_aggregated_activities_length": _COUNT,
    "member_custom_on_mentioned_users_enabled": _FLAG,
    "member_custom_on_messages_enabled": _OFF,
    "member_custom_on_typing_events_enabled": _FLAG,
    "moderation_analytics_enabled": _FLAG,
    "moderation_audio_call_moderation_enabled": _OFF,
    "moderation_dashboard_preferences": _TREE,
    "moderation_enabled": _OFF,
    "moderation_keyframe_video_enabled": _FLAG,
    "moderation_llm_configurability_enabled": _OFF,
    "moderation_multitenant_blocklist_enabled": _OFF,
    "moderation_onboarding_complete": _FLAG,
    "moderation_s3_image_access_role_arn": _OPTIONAL,
    "moderation_video_call_moderation_enabled": _OFF,
    "moderation_webhook_url": _LINE,
    "reminders_interval": _COUNT,
    "reminders_max_members": Extra(whole(0)),
    "sns_key": _LINE,
    "sns_secret": _LINE,
    "sns_topic_arn": _LINE,
    "sqs_key": _LINE,
    "sqs_secret": _LINE,
    "sqs_url": _LINE,
    "use_hook_v2": _OFF,
    "user_response_time_enabled": _OFF,
    "video_primary_use_case": _OPTIONAL,
    "webhook_events": Extra(texts(), default=()),
    "webhook_url": _LINE,
}
"""What UpdateApp takes and GetApp answers under the same name."""

_PUSH: Final[ExtraFields] = {
    "push_config.version": Extra(one_of("v1", "v2")),
    "push_config.offline_only": _FLAG,
    "apn_config.Disabled": _FLAG,
    "apn_config.auth_key": _BLOCK,
    "apn_config.auth_type": Extra(one_of("certificate", "token")),
    "apn_config.bundle_id": _OPTIONAL,
    "apn_config.development": _FLAG,
    "apn_config.host": _OPTIONAL,
    "apn_config.key_id": _OPTIONAL,
    "apn_config.notification_template": _BLOCK,
    "apn_config.p12_cert": _BLOCK,
    "apn_config.team_id": _OPTIONAL,
    "firebase_config.Disabled": _FLAG,
    "firebase_config.apn_template": _BLOCK,
    "firebase_config.credentials_json": _BLOCK,
    "firebase_config.data_template": _BLOCK,
    "firebase_config.notification_template": _BLOCK,
    "firebase_config.server_key": _OPTIONAL,
    "huawei_config.Disabled": _FLAG,
    "huawei_config.id": _OPTIONAL,
    "huawei_config.secret": _OPTIONAL,
    "xiaomi_config.Disabled": _FLAG,
    "xiaomi_config.package_name": _OPTIONAL,
    "xiaomi_config.secret": _OPTIONAL,
}
"""What UpdateApp takes of push notifications, which GetApp answers under `push_notifications`."""

SENT: Final[ExtraFields] = {**EXTRAS, **_PUSH}
"""Everything that UpdateApp takes beside what has an effect."""

_PROVIDERS: Final[Mapping[str, str]] = {
    "apn_config": "apn",
    "firebase_config": "firebase",
    "huawei_config": "huawei",
    "xiaomi_config": "xiaomi",
}


def push_notifications(extras: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of push notifications: a provider that was set up is enabled unless it is switched off."""
    return {
        "version": extras.get("push_config.version", "version"),
        "offline_only": extras.get("push_config.offline_only", False),
        **{provider: dict(_provider(extras, f"{config}.")) for config, provider in _PROVIDERS.items()},
    }


def _provider(extras: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    kept = {path.removeprefix(prefix): value for path, value in extras.items() if path.startswith(prefix)}
    disabled = kept.pop("Disabled", False)
    yield "enabled", bool(kept) and not disabled
    if prefix == "apn_config.":
        yield "development", kept.pop("development", False)
    yield from kept.items()
