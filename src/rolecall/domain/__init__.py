"""The pure core: tables, rules and values; no I/O, no clock, no protobuf. Values in, verdict out."""
