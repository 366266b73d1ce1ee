"""What operators see of a running server: logs and metrics. Nothing here decides anything."""
