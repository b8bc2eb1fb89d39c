"""The whole suite on one machine: embedded PostgreSQL, a small supervisor and what starts them."""
