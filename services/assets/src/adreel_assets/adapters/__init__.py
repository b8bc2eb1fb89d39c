"""Calls going out: the database, the blob store, the web, and the decoders behind their wall."""
