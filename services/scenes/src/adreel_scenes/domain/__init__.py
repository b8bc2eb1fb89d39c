"""Rules of storyboards. Nothing here does I/O, reads a clock or draws a random number it was not given."""
