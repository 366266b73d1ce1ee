"""What is logged and counted of what happens in a server."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from rolecall.domain.errors import RolecallError
from rolecall.observe.logs import get_logger
from rolecall.observe.metrics import Metrics
from rolecall.transports.edge import Event

_REPEAT_SECONDS: Final = 10.0


def store_observer(metrics: Metrics) -> Callable[[RolecallError], None]:
    """Return what hears of refreshes that failed: counts each, logs one in ten seconds."""
    log = get_logger()
    logged_at = float("-inf")

    def observe(error: RolecallError) -> None:
        nonlocal logged_at
        metrics.store_error(error.code_reason)
        if time.monotonic() - logged_at >= _REPEAT_SECONDS:
            logged_at = time.monotonic()
            log.warning("store can't be read", reason=error.code_reason, error=error.message)

    return observe


def watching_failed(error: RolecallError) -> None:
    """Log that an app's watches were cut because of an error that nobody foresaw."""
    get_logger().error("watches failed", reason=error.code_reason, exc_info=error.__cause__ or error)


def observer(metrics: Metrics) -> Callable[[Event], None]:
    """Return what hears of calls that were denied or failed: a log line each."""
    log = get_logger()

    def observe(event: Event) -> None:
        fields: dict[str, object] = {
            "method": event.method,
            "code": event.code,
            "ms": round(event.seconds * 1000, 3),
            "request_id": event.request_id,
        }
        if event.caller is not None:
            fields |= {"app": event.caller.app_id, "caller": event.caller.user_id or "server"}
        if event.failure is None:
            log.info("denied", **fields, **(event.denied or {}))
            return
        fields |= {"reason": event.failure.reason, "error": event.failure.message, "details": event.failure.metadata}
        if event.failure.reason.startswith("STORE_"):
            metrics.store_error(event.failure.reason)
        if event.failure.reason.startswith("STORE_"):
            log.warning("failed", **fields)
        elif event.code == "INTERNAL":
            log.error("failed", **fields, exc_info=event.cause)
        else:
            log.info("failed", **fields)

    return observe
