"""Built-in tables of types and grants; data only, no rules."""
