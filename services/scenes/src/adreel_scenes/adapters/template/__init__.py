"""The no-key provider of storyboards and music-video scenes: written from a copybook, repeatable for a seed."""
