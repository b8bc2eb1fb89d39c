"""Immutable bytes named by their SHA-256: one port (`port.py`), three adapters, one way to choose between them.

Import from the modules themselves; this package holds no names of its own, so that a service that keeps its blobs in
files does not load the S3 client.
"""
