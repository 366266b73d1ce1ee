"""Envoy in front of a server, with the server's Python inside it (pyvoy).

    bootstrap    what Envoy is configured with
    parts        the pieces of that: addresses, TLS, filters, the way to the HTTP door
    program      where Envoy, pyvoy and Python's library are, and what Envoy is started with
    admin        what Envoy is asked and told while it runs

Nothing here knows gRPC, and nothing here is imported inside Envoy: whoever supervises it must stay small.
"""
