"""How much one host is asked for and one client may take, whatever the number of workers."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class DownloadLimits:
    """Downloads at once and begun a minute; 0 a minute is no limit. Assets of no client count as one client's.

    A place is given back when the download ends, and by itself after `held_at_most`, should its worker be killed.
    """

    at_once_per_host: int = 4
    at_once_per_client: int = 6
    per_minute_per_host: int = 120
    per_minute_per_client: int = 120
    held_at_most: timedelta = timedelta(seconds=180)
