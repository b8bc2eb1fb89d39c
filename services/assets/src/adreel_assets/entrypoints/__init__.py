"""Calls coming in: events and gRPC."""
