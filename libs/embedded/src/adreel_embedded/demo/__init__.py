"""The demo: one ad, from the brief in `examples/` to a checked film in `out/`, over the REST API that everyone uses."""
