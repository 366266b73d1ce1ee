"""The Stream-compatible HTTP API: operations over the same services as gRPC. No rules here, and no protobuf."""
