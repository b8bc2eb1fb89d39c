"""Serving bytes over HTTP as RFC 9110 has it: conditions, ranges, and answers to GET and HEAD, for any ASGI app."""
