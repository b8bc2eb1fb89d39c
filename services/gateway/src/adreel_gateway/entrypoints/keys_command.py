"""`keys create | list | revoke`: API keys from the command line, with DATABASE_URL alone."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from adreel_kit.db import Database
from adreel_kit.ids import parse_id
from adreel_kit.settings import DatabaseSettings, load_settings

from adreel_gateway.adapters.postgres.api_keys import ApiKey, ApiKeys
from adreel_gateway.entrypoints.http.scopes import is_scope


def run_keys_command(arguments: Sequence[str]) -> int:
    """Run the command over the database of the environment; returns the exit code."""
    options = parse_keys_command(arguments)
    settings = load_settings(DatabaseSettings)
    return asyncio.run(_with_database(settings.database_url, options))


def parse_keys_command(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="keys", description="API keys of the gateway.")
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create", help="make a key and print it once")
    create.add_argument("--name", required=True, help="what the key is for")
    create.add_argument("--scope", action="append", type=_scope, help="jobs:read, assets:*, ...; every scope if none")
    create.add_argument("--client", type=_client, help="the client whose data alone the key sees")
    create.add_argument("--days", type=int, help="how long the key lives; for ever if not given")
    listing = commands.add_parser("list", help="show the keys, without their secrets")
    for command in (create, listing):
        command.add_argument("--json", action="store_true", help="print JSON")
    revoke = commands.add_parser("revoke", help="close a key")
    revoke.add_argument("key", help="its id or its first twelve characters")
    return parser.parse_args(arguments)


async def _with_database(url: str, options: argparse.Namespace) -> int:
    database = Database(url, max_size=2)
    await database.start(wait_seconds=10)
    try:
        return await run_keys(ApiKeys(database), options)
    finally:
        await database.aclose()


async def run_keys(keys: ApiKeys, options: argparse.Namespace) -> int:
    """Carry the parsed command out and print its outcome."""
    if options.command == "create":
        lifetime = timedelta(days=options.days) if options.days else None
        key, secret = await keys.create(
            name=options.name, scopes=options.scope or ["*"], client_id=options.client, lifetime=lifetime
        )
        if options.json:
            print(json.dumps({**_shown(key), "key": secret}))
        else:
            print(secret)
            print(f"Keep it: it cannot be shown again. Its id is {key.id}.", file=sys.stderr)
        return 0
    if options.command == "list":
        found = [_shown(key) for key in await keys.list_all()]
        if options.json:
            print(json.dumps(found))
        for key_values in () if options.json else found:
            print("  ".join(str(value) for value in key_values.values()))
        return 0
    revoked = await keys.revoke(options.key)
    print(f"Revoked {len(revoked)} key(s)." if revoked else "There is no such key.", file=sys.stderr)
    return 0 if revoked else 1


def _shown(key: ApiKey) -> dict[str, Any]:
    state = "revoked" if key.revoked_at else "open"
    return {
        "id": key.id,
        "prefix": key.prefix,
        "name": key.name,
        "scopes": list(key.scopes),
        "clientId": key.client_id or None,
        "state": state,
        "createdAt": key.created_at.isoformat(),
        "expiresAt": key.expires_at.isoformat() if key.expires_at else None,
    }


def _scope(text: str) -> str:
    if not is_scope(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no scope; write jobs:read, assets:write, clients:* or *")
    return text


def _client(text: str) -> str:
    parsed = parse_id(text)
    if parsed is None:
        raise argparse.ArgumentTypeError("a client is named by its UUID here")
    return str(parsed)
