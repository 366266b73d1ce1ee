"""`python -m bench.peers`: what there is of the other engines, measured like all the rest."""

from __future__ import annotations

from typing import Final

from bench.__main__ import Kind, run
from bench.peers import in_process, over_grpc

KIND: Final = Kind(
    "python -m bench.peers",
    {
        "cerbos": ("Cerbos over gRPC", over_grpc.measure),
        "in-process": ("Engines in process", in_process.measure),
    },
    "peers",
)

if __name__ == "__main__":
    raise SystemExit(run(KIND))
