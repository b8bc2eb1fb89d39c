"""SQL over the gateway's own database; nothing else in this service writes SQL."""
