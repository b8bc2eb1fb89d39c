"""Clips, films and reference images."""
