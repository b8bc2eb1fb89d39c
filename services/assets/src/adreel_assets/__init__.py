"""The assets service: downloads, checks, keeps and serves what users give."""
