"""The doors: the only code that knows protobuf, gRPC and HTTP. They translate; they decide nothing."""
