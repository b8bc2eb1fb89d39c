"""Calls going out: databases, model providers, and the template writer that needs none."""
