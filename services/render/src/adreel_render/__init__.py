"""The render service: clips, takes, films and their bytes."""
