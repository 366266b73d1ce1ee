"""Which process of a server this is. Imported by the light half of the program too."""

from __future__ import annotations

from typing import Final, NamedTuple


class Place(NamedTuple):
    """One of `workers` processes; the first of them, number 0, alone serves HTTP and makes the development app.

    `folder` is private to the processes of one server: their sockets are there. `envoy`: it runs inside Envoy, which
    listens for it.
    """

    number: int = 0
    workers: int = 1
    folder: str = ""
    envoy: bool = False

    @property
    def http_socket(self) -> str:
        """Where this process answers HTTP for others of the server: all of it the first one, metrics any other."""
        return http_socket(self.folder, self.number)


ALONE: Final = Place()


def http_socket(folder: str, number: int) -> str:
    """Return where a worker answers HTTP for others of its server."""
    return f"{folder}/http-{number}.sock"
