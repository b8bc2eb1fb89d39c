"""What the watchers of purchases go by: each attempt has one, which outlives whoever ordered it."""

WATCH_KIND = "purchase"
# A watcher is not to give up: what it watches is money.
MOST_ATTEMPTS = 1_000_000


def watch_subject(subject: str) -> str:
    """What the watchers of a subject's purchases are hurried by: cancelling a job must not end them."""
    return f"{subject}/purchases"
