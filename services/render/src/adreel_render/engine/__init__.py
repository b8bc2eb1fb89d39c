"""The local engine: draws scenes, encodes them, joins them into films. Knows no service."""
