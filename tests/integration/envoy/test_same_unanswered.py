"""Calls that end before they are answered, behind Envoy."""

# ruff: noqa: F403 - all that is there

from tests.integration.test_unanswered import *
