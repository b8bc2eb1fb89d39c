"""Stand-ins for outside providers: they speak the real wire formats on loopback, with faults on order."""
