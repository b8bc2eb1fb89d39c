"""Calls going out: the database and the neighbours."""
