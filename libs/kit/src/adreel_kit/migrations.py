"""Alembic, run from code: each service keeps its revisions beside its package and calls `migrate` with their folder.

The service needs no `env.py` of its own; the one here runs over an asyncpg engine and holds an advisory lock, so that
several instances started at once migrate one after the other.
"""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util import await_only

# Any constant will do, so long as all instances of all services agree; databases differ, so services do not collide.
_LOCK_ID = 7_205_559_831


async def migrate(database_url: str, folder: Path, *, revision: str = "head") -> None:
    """Bring the database to `revision`; safe to repeat and to run from several processes at once.

    Raises what SQLAlchemy raises when the server cannot be reached: callers wait for the database first.
    """
    engine = create_async_engine(_driver_url(database_url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_upgrade, folder, revision)
            await connection.commit()
    finally:
        await engine.dispose()


def run_migrations(database_url: str, folder: Path) -> None:
    """`migrate` for callers without a running event loop."""
    asyncio.run(migrate(database_url, folder))


def _driver_url(url: str) -> str:
    scheme, rest = url.split("://", 1)
    if not scheme.startswith("postgres"):
        raise ValueError(f"DATABASE_URL must be a postgresql:// address, not {scheme}://")
    return f"postgresql+asyncpg://{rest}"


def _upgrade(connection: Connection, folder: Path, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(folder.parent))
    config.set_main_option("version_locations", str(folder))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory(str(folder.parent), version_locations=[str(folder)])
    connection.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": _LOCK_ID})
    connection.execute(text("SET LOCAL lock_timeout = '10s'"))
    with EnvironmentContext(
        config, script, fn=lambda rev, _context: script._upgrade_revs(revision, rev)
    ) as environment:
        environment.configure(connection=connection, transactional_ddl=True)
        implementation = environment.get_context().impl
        implementation.execute = _many_statements(implementation.execute, connection)  # type: ignore[method-assign]
        environment.run_migrations()


def _many_statements(one_statement: Callable[..., None], connection: Connection) -> Callable[..., None]:
    """`op.execute` that takes a text of several statements, as the tables of a service are written.

    SQLAlchemy prepares every statement, and PostgreSQL prepares only single ones; so texts go to the driver itself, in
    the transaction that SQLAlchemy has open on the same connection.
    """

    def execute(sql: Any, execution_options: Mapping[str, Any] | None = None) -> None:
        if not isinstance(sql, str):
            one_statement(sql, execution_options)
            return
        driver: Any = connection.connection.driver_connection
        await_only(driver.execute(sql))

    return execute
