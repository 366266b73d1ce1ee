"""Unix sockets, TLS and mutual TLS, behind Envoy."""

# ruff: noqa: F403 - all that is there

from tests.e2e.test_sockets import *
