"""Rules of clients, campaigns and jobs: pure values and verbs, no I/O."""
