"""Calls coming in: gRPC and the bus."""
