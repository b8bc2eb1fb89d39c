"""The web application: middleware, routes of each API version, pages."""
