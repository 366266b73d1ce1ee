"""How a server stops, behind Envoy."""

from tests.e2e.test_processes import (
    app,
    db,
    test_a_stop_ends_what_does_not_end_within_the_time_to_drain,
    test_a_stop_lets_the_calls_that_run_end_as_they_would,
    test_a_stop_under_load_fails_no_call_of_a_client_that_has_another_server,
)

__all__ = [
    "app",
    "db",
    "test_a_stop_ends_what_does_not_end_within_the_time_to_drain",
    "test_a_stop_lets_the_calls_that_run_end_as_they_would",
    "test_a_stop_under_load_fails_no_call_of_a_client_that_has_another_server",
]
