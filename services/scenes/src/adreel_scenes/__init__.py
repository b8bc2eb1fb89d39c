"""The scenes service: storyboards, their scenes and revisions, and music-video scenes."""
