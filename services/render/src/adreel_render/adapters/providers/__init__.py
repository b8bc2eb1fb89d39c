"""The paid providers behind `domain.attempts.GenerationProvider`."""
