"""Calls going out: the other services by gRPC, and the gateway's own database."""
