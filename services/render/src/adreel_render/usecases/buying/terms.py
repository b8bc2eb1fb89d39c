"""How long an attempt waits for what; tests shorten it."""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Terms:
    """Seconds, and counts. The defaults are those of PROVIDERS.md section 5."""

    poll_first_seconds: float = 2.0
    poll_most_seconds: float = 10.0
    deadline_seconds: float = 1200.0
    # A creation takes 5 s to connect and 60 s to be answered at most; what is older was left by a crash.
    stale_seconds: float = 75.0
    look_gap_seconds: float = 30.0
    looks: int = 2
    watch_seconds: float = 30.0
    # A provider that has just broken off is given a moment before something cheap is asked for again.
    repeat_seconds: float = 3.0
    most_tries: int = 5
    max_output_bytes: int = 512 * 1024 * 1024

    def poll_delay(self, polls: int) -> float:
        """Seconds until the next poll: doubling up to the most, give or take a fifth, so that many do not beat."""
        delay = min(self.poll_first_seconds * float(2 ** min(polls // 2, 8)), self.poll_most_seconds)
        return delay * random.uniform(0.8, 1.2)
