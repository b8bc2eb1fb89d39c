"""Serving bytes over HTTP as RFC 9110 has it, for any ASGI app: conditions, ranges, answers to GET and HEAD.

`serve_bytes` (in `responses.py`) is the way in; `starlette.py` wraps its answer for frameworks that want a `Response`.

The answers are those nginx gives for the same file, but for these, where nginx leaves RFC 9110:

- `If-Modified-Since` does not count beside `If-None-Match` (13.1.3), `If-Unmodified-Since` not beside `If-Match`
  (13.1.4);
- a date that is none is ignored, where nginx answers 412 to it in `If-Unmodified-Since` (13.1.4);
- `Range` on HEAD is ignored (14.2);
- a `Range` that breaks the grammar is ignored, where nginx answers 416 (14.2 allows either); the grammar has empty list
  elements (5.6.1.2) and numbers of any length.
"""
