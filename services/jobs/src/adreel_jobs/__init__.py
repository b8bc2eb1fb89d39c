"""Clients, campaigns and jobs: the state machine and its process manager."""
