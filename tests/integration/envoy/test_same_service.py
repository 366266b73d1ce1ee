"""The whole gRPC service, behind Envoy."""

# ruff: noqa: F403 - all that is there

from tests.contract.test_grpc_service import *
