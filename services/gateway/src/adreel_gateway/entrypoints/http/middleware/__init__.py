"""Pure ASGI middleware: one wrapper per concern, none of which holds state between requests."""
