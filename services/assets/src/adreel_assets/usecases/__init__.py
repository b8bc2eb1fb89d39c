"""One verb per module; each opens its own transactions."""
