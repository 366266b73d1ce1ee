"""Streams of capabilities, behind Envoy."""

# ruff: noqa: F403 - all that is there

from tests.integration.test_stream_watch import *
