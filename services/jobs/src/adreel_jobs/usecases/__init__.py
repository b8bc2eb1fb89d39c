"""What the service does, one verb per module; each opens its own unit of work."""
