"""Brings every service's database up to date from one process.

Each service has a `migrate` command of its own, as deployments run it; here five of those would spend most of their
time importing five services. The revisions are the same, and so is the kit's code that runs them.
"""

import importlib.util
from collections.abc import Mapping
from pathlib import Path

from adreel_embedded.errors import StackStartError


async def migrate_all(database_urls: Mapping[str, str]) -> None:
    """Migrate the database of each service that is named; safe to repeat, and from several processes at once."""
    # Imported here: it brings in Alembic and SQLAlchemy, which nothing else in this process needs.
    from adreel_kit.migrations import migrate

    for name, url in database_urls.items():
        try:
            # One after the other: Alembic keeps the migration that is under way in a global.
            await migrate(url, revisions_folder(name))
        except Exception as error:  # whatever a revision or the server raises ends the start, with its reason
            raise StackStartError(f"The database of {name} could not be brought up to date: {error}") from error


def revisions_folder(name: str) -> Path:
    """Where the revisions of service `name` are, without importing the service."""
    spec = importlib.util.find_spec(f"adreel_{name}")
    if spec is None or not spec.submodule_search_locations:
        raise StackStartError(f"The service {name} is not installed.")
    return Path(spec.submodule_search_locations[0]) / "migrations" / "versions"
