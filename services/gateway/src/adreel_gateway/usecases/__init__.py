"""One verb per module: what takes several calls to the owners of the data."""
