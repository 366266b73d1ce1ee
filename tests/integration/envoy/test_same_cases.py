"""Every scenario, behind Envoy."""

# ruff: noqa: F403 - all that is there

from tests.cases.test_grpc import *
