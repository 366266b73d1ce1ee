"""One module per service: a handler maps a request to service calls and back; the table of all of them."""
