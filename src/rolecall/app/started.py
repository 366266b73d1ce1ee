"""What a server says of itself once it answers. Imported by the light half of the program too."""

from __future__ import annotations

from typing import Any, NamedTuple


class Dev(NamedTuple):
    """The development app; `secret` is None when it was made by an earlier start, which printed it."""

    name: str
    key: str
    secret: str | None
    token: str


class Started(NamedTuple):
    """A server that answers: where, how many apps it knows, and the development app in development mode."""

    listen: tuple[str, ...]
    http: str | None
    apps: int
    dev: Dev | None

    def as_json(self) -> dict[str, Any]:
        """Return the same as plain values."""
        dev = None if self.dev is None else self.dev._asdict()
        return {"listen": list(self.listen), "http": self.http, "apps": self.apps, "dev": dev}

    @classmethod
    def of_json(cls, said: dict[str, Any]) -> Started:
        """Make it from plain values."""
        dev = None if said["dev"] is None else Dev(**said["dev"])
        return cls(tuple(said["listen"]), said["http"], said["apps"], dev)
