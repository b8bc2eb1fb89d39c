"""Databases and roles inside the embedded server: one of each per service, and one for the bus.

Each role owns its database and may enter no other, as in a deployed suite. Its password is derived from the server's
own, so there is nothing more to store and making everything again changes nothing.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence

import asyncpg

from adreel_embedded.postgres import EmbeddedPostgres

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_LOCK = 0x61647265656C  # "adreel": an advisory lock, so that two starts do not create the same database at once


def role_password(server_password: str, name: str) -> str:
    """The password of role `name`: the same for the same server."""
    return hmac.new(server_password.encode(), name.encode(), hashlib.sha256).hexdigest()[:40]


async def ensure_databases(server: EmbeddedPostgres, names: Sequence[str]) -> dict[str, str]:
    """Make a role and a database of its own for each of `names`; the DSN of each, by name. Safe to repeat."""
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot be the name of a database here: lower-case letters, digits and _")
    connection = await asyncpg.connect(server.dsn())
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        for name in names:
            await _ensure_one(connection, name, role_password(server.password, name))
    finally:
        await connection.close()  # which also gives the advisory lock back
    return {name: server.dsn(name, user=name, password=role_password(server.password, name)) for name in names}


async def _ensure_one(connection: asyncpg.Connection, name: str, password: str) -> None:
    # Identifiers cannot be parameters; `name` has been held to letters, digits and _, the password is hexadecimal.
    if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name):
        await connection.execute(f"CREATE ROLE \"{name}\" LOGIN PASSWORD '{password}'")
    if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
        await connection.execute(f'CREATE DATABASE "{name}" OWNER "{name}"')
        await connection.execute(f'REVOKE CONNECT, TEMPORARY ON DATABASE "{name}" FROM PUBLIC')
