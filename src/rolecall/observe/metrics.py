"""Prometheus metrics, in a registry of their own. Everything is told by plain callables and values.

No label ever takes a value from a request: an unknown method is `unknown`, an unknown code `UNKNOWN`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final, NamedTuple, Protocol

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from rolecall.domain.decision import Reason
from rolecall.observe.rpcs import Rpcs

OTHER_REASON: Final = "OTHER"

_ALLOWING: Final = frozenset({
    Reason.ROLE_GRANT, Reason.USER_GRANT, Reason.POLICY_ALLOW, Reason.CHECKS_DISABLED, Reason.FEATURE_ENABLED,
})  # fmt: skip

_MAX_STORE_REASONS: Final = 32  # far more than the store has: a bound should one ever be made from input

Observer = Callable[[str, float], None]
"""Told of one finished RPC: the name of its code and the seconds it took."""


class IndexFigures(Protocol):
    """What the index says of itself."""

    @property
    def entries(self) -> int:
        """Facts held in the cache."""

    @property
    def bytes(self) -> int:
        """Estimated memory of the facts held."""

    @property
    def misses(self) -> int:
        """Facts that had to be read from the store so far."""

    @property
    def age_seconds(self) -> float:
        """Time since the index was last known to hold what the store holds; may be infinite."""

    @property
    def revision(self) -> int:
        """Head of the change log that has been applied."""

    @property
    def apps(self) -> int:
        """Apps loaded."""

    @property
    def refreshes(self) -> int:
        """How often writes have been applied."""


class SocketFigures(Protocol):
    """What is said of those who stay, on WebSocket connections and gRPC streams."""

    @property
    def connections(self) -> int:
        """Connections that are open."""

    @property
    def streams(self) -> int:
        """Streams that are open over gRPC."""

    @property
    def watches(self) -> int:
        """Calls and channels watched, counted once for each user, connection and stream."""

    @property
    def events(self) -> int:
        """Notices given to watches so far."""


class _IndexMetric(NamedTuple):
    family: type[CounterMetricFamily | GaugeMetricFamily]
    name: str
    about: str
    value: Callable[[IndexFigures], float]


_INDEX: Final = (
    _IndexMetric(GaugeMetricFamily, "entries", "Facts held in the cache.", lambda index: index.entries),
    _IndexMetric(GaugeMetricFamily, "bytes", "Estimated memory of the cached facts.", lambda index: index.bytes),
    _IndexMetric(
        CounterMetricFamily, "misses", "Facts that had to be read from the store.", lambda index: index.misses
    ),
    _IndexMetric(
        GaugeMetricFamily,
        "age_seconds",
        "Time since the index was last known to hold what the store holds.",
        lambda index: index.age_seconds,
    ),
    _IndexMetric(
        GaugeMetricFamily,
        "revision",
        "Head of the change log that the index has applied.",
        lambda index: index.revision,
    ),
    _IndexMetric(GaugeMetricFamily, "apps", "Apps loaded.", lambda index: index.apps),
    _IndexMetric(CounterMetricFamily, "refreshes", "Times that writes were applied.", lambda index: index.refreshes),
)


class Metrics:
    """All metrics of one server.

    `methods` are the RPCs there are. `decisions` counts verdicts by reason and is read at every scrape, so whoever
    decides increments plain integers. `index` and `sockets` are asked at every scrape.
    """

    def __init__(
        self,
        *,
        version: str,
        methods: Collection[str],
        decisions: Mapping[str, int],
        index: Callable[[], IndexFigures],
        sockets: Callable[[], SocketFigures] | None = None,
    ) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, which the text format has no use for
        self._registry = registry = CollectorRegistry()
        self._store_reasons: set[str] = set()
        self._rpcs = Rpcs(methods)
        self._store_errors = Counter(
            "rolecall_store_errors", "Failures to read or write the store.", ["reason"], registry=registry
        )
        Gauge("rolecall_build_info", "Always 1.", ["version"], registry=registry).labels(version).set(1)
        registry.register(self._rpcs)
        registry.register(_Decisions(decisions))
        registry.register(_Index(index))
        if sockets is not None:
            registry.register(_Sockets(sockets))
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)

    def rpc(self, method: str) -> Observer:
        """Return the observer of one RPC; ask once, since finding it costs more than telling it."""
        return self._rpcs.of(method).observe

    def store_error(self, reason: str) -> None:
        """Count one failure of the store; `reason` is the error's, such as `STORE_LOCKED`."""
        if reason not in self._store_reasons and len(self._store_reasons) >= _MAX_STORE_REASONS:
            reason = OTHER_REASON
        self._store_reasons.add(reason)
        self._store_errors.labels(reason).inc()

    def render(self) -> tuple[bytes, str]:
        """Return the page to answer a scrape with, and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST


class _Decisions(Collector):
    def __init__(self, decisions: Mapping[str, int]) -> None:
        self._decisions = decisions

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily("rolecall_decisions", "Verdicts given.", labels=["reason", "allowed"])
        for reason in Reason:
            allowed = "true" if reason in _ALLOWING else "false"
            family.add_metric([reason.value, allowed], self._decisions.get(reason, 0))
        yield family


class _Index(Collector):
    def __init__(self, figures: Callable[[], IndexFigures]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        figures = self._figures()
        for family, name, about, value in _INDEX:
            yield family(f"rolecall_index_{name}", about, value=value(figures))


class _Sockets(Collector):
    def __init__(self, figures: Callable[[], SocketFigures]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        figures = self._figures()
        yield GaugeMetricFamily("rolecall_connections", "WebSocket connections open.", value=figures.connections)
        yield GaugeMetricFamily("rolecall_streams", "gRPC streams open.", value=figures.streams)
        yield GaugeMetricFamily("rolecall_watches", "Calls and channels watched.", value=figures.watches)
        yield CounterMetricFamily("rolecall_events", "Notices given to those who watch.", value=figures.events)
