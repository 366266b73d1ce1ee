"""gRPC served by a bare ASGI app: the door behind an Envoy that runs Python (pyvoy)."""

from rolecall.transports.asgi.door import AsgiDoor

__all__ = ["AsgiDoor"]
