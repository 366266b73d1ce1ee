"""Objects on the wire, made from records and views."""
