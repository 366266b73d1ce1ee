"""The messages and services of `rolecall.api.v1`."""
