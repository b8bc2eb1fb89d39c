"""Calls coming in: HTTP, and events from the bus."""
