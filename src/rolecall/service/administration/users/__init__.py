"""Users: written, searched and deleted; and those that come in by themselves."""
