"""The page that Prometheus scrapes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from rolecall.domain import app_rules, call_rules, channel_rules
from rolecall.domain.decision import Reason
from rolecall.observe.metrics import IndexFigures, Metrics
from rolecall.service.index import IndexStatus

METHOD = "/rolecall.api.v1.AuthorizationService/CheckCapability"
OTHER_METHOD = "/rolecall.api.v1.RoleService/ListRoles"
STATUS = IndexStatus(entries=1, bytes=2, misses=4, age_seconds=5.5, revision=6, apps=7, refreshes=8)

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Steps:
    """An index that is different at each scrape."""

    def __init__(self) -> None:
        self.asked = 0

    def status(self) -> IndexFigures:
        self.asked += 1
        return STATUS._replace(entries=self.asked)


def made(decisions: Mapping[str, int] | None = None, status: IndexStatus = STATUS) -> Metrics:
    return Metrics(
        version="1.2.3",
        methods=[METHOD, OTHER_METHOD],
        decisions={} if decisions is None else decisions,
        index=lambda: status,
    )


def samples(metrics: Metrics) -> Samples:
    page, _ = metrics.render()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


def named(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    return {tuple(value for _, value in labels): v for (n, labels), v in samples(metrics).items() if n == name}


# --- RPCs ------------------------------------------------------------------------------------------------------------


def test_rpcs_are_counted_by_method_and_code() -> None:
    metrics = made()
    observe = metrics.rpc(METHOD)
    for code in ("OK", "OK", "NOT_FOUND"):
        observe(code, 0.001)
    metrics.rpc(OTHER_METHOD)("OK", 0.001)
    assert named(metrics, "rolecall_rpcs_total") == {
        ("OK", METHOD): 2,
        ("NOT_FOUND", METHOD): 1,
        ("OK", OTHER_METHOD): 1,
    }


def test_seconds_fall_into_buckets() -> None:
    metrics = made()
    observe = metrics.rpc(METHOD)
    for seconds in (0.0001, 0.0002, 0.3, 10.0, 11.0):
        observe("OK", seconds)
    found = {le: count for (le, _), count in named(metrics, "rolecall_rpc_seconds_bucket").items()}
    assert list(found) == [
        "0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5",
        "1.0", "2.5", "5.0", "10.0", "+Inf",
    ]  # fmt: skip
    assert list(found.values()) == [1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4, 5]
    assert named(metrics, "rolecall_rpc_seconds_count") == {(METHOD,): 5}
    assert named(metrics, "rolecall_rpc_seconds_sum") == {(METHOD,): pytest.approx(21.3003)}


def test_an_observer_is_made_once() -> None:
    metrics = made()
    assert metrics.rpc(METHOD) == metrics.rpc(METHOD)
    assert metrics.rpc(METHOD) is not metrics.rpc(OTHER_METHOD)


def test_names_from_outside_make_no_series() -> None:
    metrics = made()
    for number in range(100):
        metrics.rpc(f"/made.up/{number}")(f"CODE_{number}", 0.1)
        metrics.rpc(METHOD)(f"CODE_{number}", 0.1)
    assert named(metrics, "rolecall_rpcs_total") == {("UNKNOWN", "unknown"): 100, ("UNKNOWN", METHOD): 100}
    assert named(metrics, "rolecall_rpc_seconds_count") == {("unknown",): 100, (METHOD,): 100}


# --- decisions -------------------------------------------------------------------------------------------------------


def test_decisions_are_read_when_scraped() -> None:
    decisions: Counter[str] = Counter()
    metrics = made(decisions)
    decisions[Reason.BLOCKED] += 2
    decisions[Reason.ROLE_GRANT] += 3
    found = named(metrics, "rolecall_decisions_total")
    assert (found["false", "BLOCKED"], found["true", "ROLE_GRANT"]) == (2, 3)
    decisions[Reason.BLOCKED] += 1
    assert named(metrics, "rolecall_decisions_total")["false", "BLOCKED"] == 3


def test_every_reason_is_there_from_the_start() -> None:
    found = named(made(), "rolecall_decisions_total")
    assert sorted(reason for _, reason in found) == sorted(Reason)
    assert set(found.values()) == {0}


def test_allowed_agrees_with_the_rules() -> None:
    orders = (call_rules.RULES, channel_rules.RULES, channel_rules.RULES_V1, app_rules.RULES, app_rules.RULES_V1)
    verdicts = {rule.verdict for order in orders for rule in order}
    told = {reason: allowed for allowed, reason in named(made(), "rolecall_decisions_total")}
    assert len(verdicts) > 10
    for verdict in verdicts:
        assert told[verdict.reason] == str(verdict.allowed).lower(), verdict
    assert told["POLICY_ALLOW"] == "true"
    assert told["POLICY_DENY"] == "false"


# --- the index, the store, the process -------------------------------------------------------------------------------


def test_the_index_is_asked_at_each_scrape() -> None:
    steps = Steps()
    metrics = Metrics(version="1", methods=[], decisions={}, index=steps.status)
    assert steps.asked == 0
    assert [named(metrics, "rolecall_index_entries")[()] for _ in range(3)] == [1, 2, 3]


def test_sockets_in_figures() -> None:
    class Figures(NamedTuple):
        connections: int
        streams: int
        watches: int
        events: int

    metrics = Metrics(version="1", methods=[], decisions={}, index=lambda: STATUS, sockets=lambda: Figures(1, 4, 2, 3))
    found = samples(metrics)
    names = ("rolecall_connections", "rolecall_watches", "rolecall_events_total", "rolecall_streams")
    assert [found[name, ()] for name in names] == [1, 2, 3, 4]


def test_the_index_in_figures() -> None:
    found = {name: value for (name, _), value in samples(made()).items() if name.startswith("rolecall_index_")}
    assert found == {
        "rolecall_index_entries": 1,
        "rolecall_index_bytes": 2,
        "rolecall_index_misses_total": 4,
        "rolecall_index_age_seconds": 5.5,
        "rolecall_index_revision": 6,
        "rolecall_index_apps": 7,
        "rolecall_index_refreshes_total": 8,
    }


def test_an_index_that_was_never_loaded_is_infinitely_old() -> None:
    metrics = made(status=STATUS._replace(age_seconds=float("inf")))
    assert named(metrics, "rolecall_index_age_seconds") == {(): float("inf")}


def test_store_errors_are_counted_by_reason() -> None:
    metrics = made()
    for reason in ("STORE_LOCKED", "STORE_LOCKED", "STORE_FULL"):
        metrics.store_error(reason)
    assert named(metrics, "rolecall_store_errors_total") == {("STORE_LOCKED",): 2, ("STORE_FULL",): 1}


def test_store_errors_make_no_endless_series() -> None:
    metrics = made()
    for number in range(100):
        metrics.store_error(f"R{number}")
        metrics.store_error("R0")
    found = named(metrics, "rolecall_store_errors_total")
    assert len(found) == 33
    assert (found[("OTHER",)], found[("R0",)]) == (68, 101)


def test_build_and_process() -> None:
    metrics = made()
    assert named(metrics, "rolecall_build_info") == {("1.2.3",): 1}
    names = {name for name, _ in samples(metrics)}
    assert {"process_resident_memory_bytes", "process_open_fds", "python_info", "python_gc_collections_total"} <= names


# --- the page --------------------------------------------------------------------------------------------------------


def test_the_page_is_prometheus_text() -> None:
    page, content_type = made().render()
    assert content_type.startswith("text/plain; version=")
    assert page.endswith(b"\n")
    assert b"# TYPE rolecall_rpc_seconds histogram\n" in page
    assert b"_created" not in page


def test_each_has_a_registry_of_its_own() -> None:
    one, other = made(), made()
    one.store_error("STORE_FULL")
    assert named(other, "rolecall_store_errors_total") == {}
    assert not [family.name for family in REGISTRY.collect() if family.name.startswith("rolecall")]
