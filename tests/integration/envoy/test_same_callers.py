"""Who may call, behind Envoy."""

# ruff: noqa: F403 - all that is there

from tests.contract.test_grpc_callers import *
