"""Webhooks of providers: verified, and good for nothing but looking sooner and naming what was lost."""

import json
import time

import pytest
from adreel_render.adapters.postgres import purchases as ledger
from adreel_render.adapters.providers.webhooks import WEBHOOK_READERS
from adreel_render.domain.errors import ProviderOutcomeUnknown, WebhookRefused
from adreel_render.domain.webhook_signature import is_signed
from adreel_render.usecases.buying.knock import Knock
from adreel_testkit.standins.video_faults import Fault
from adreel_testkit.standins.video_replicate import signed_headers
from buying_rig import omni_order, veo_order

pytestmark = pytest.mark.connected

SECRET = "whsec_c3RhbmRpbi1zZWNyZXQtb2YtdGVzdHM="
OTHER = "whsec_b3RoZXItc2VjcmV0"


@pytest.fixture
def knock(database):
    return Knock(database, secrets={"replicate": SECRET, "gemini": SECRET}, readers=WEBHOOK_READERS)


def test_only_fresh_messages_of_the_secret_are_signed():
    body, now = b'{"id": "x"}', time.time()
    headers = signed_headers(SECRET, "msg_1", body, now)
    assert is_signed(SECRET, headers, body, now=now)
    assert is_signed(SECRET, {name.upper(): value for name, value in headers.items()}, body, now=now)
    several = headers | {"webhook-signature": f"v1,AAAA v2,BBBB {headers['webhook-signature']}"}
    assert is_signed(SECRET, several, body, now=now)
    wrong = [
        (OTHER, headers, body, now),
        (SECRET, headers, body + b" ", now),
        (SECRET, headers, body, now + 301),
        (SECRET, headers, body, now - 301),
        (SECRET, headers | {"webhook-id": "msg_2"}, body, now),
        (SECRET, headers | {"webhook-timestamp": "soon"}, body, now),
        (SECRET, headers | {"webhook-timestamp": "9" * 40}, body, now),
        (SECRET, headers | {"webhook-signature": ""}, body, now),
        (SECRET, headers | {"webhook-signature": "v1,\udce9\u00e9"}, body, now),
        (SECRET, {}, body, now),
        ("whsec_", headers, body, now),
        ("whsec_%%%", headers, body, now),
    ]
    assert [is_signed(secret, head, text, now=at) for secret, head, text, at in wrong] == [False] * len(wrong)


async def test_what_is_not_signed_is_refused(knock):
    body = b"{}"
    with pytest.raises(WebhookRefused):
        await knock.receive("replicate", signed_headers(OTHER, "m", body, time.time()), body, attempt="")
    with pytest.raises(WebhookRefused):
        await knock.receive("acme", signed_headers(SECRET, "m", body, time.time()), body, attempt="")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"nonsense", b'{"id": 3}', b'{"id": "never seen", "status": "succeeded"}']
)
async def test_what_tells_of_nothing_known_changes_nothing(knock, shop, body):
    for provider in ("replicate", "gemini"):
        await knock.receive(provider, signed_headers(SECRET, "m", body, time.time()), body, attempt="no-id")


async def test_a_webhook_names_the_creation_of_a_parked_call(knock, shop, watching):
    order = omni_order()
    shop.standin.order(Fault("created_drop"))
    assert isinstance((await shop.refused(order)).error, ProviderOutcomeUnknown)
    attempt, (creation,) = await shop.attempt(order), shop.standin.creations
    body = json.dumps({"type": "video.generated", "data": {"id": creation.id},
                       "user_metadata": {"attempt": str(attempt.id)}}).encode()  # fmt: skip
    for _ in range(2):  # at least once means also twice
        await knock.receive("gemini", signed_headers(SECRET, "m", body, time.time()), body, attempt="")
    settled = await shop.until(order, "succeeded")
    assert settled.provider_id == creation.id
    assert [line.state for line in settled.cost_lines] == ["actual"]
    assert len(shop.standin.creations) == 1


async def test_a_creation_is_named_once_and_belongs_to_one_attempt(knock, shop):
    first, second = veo_order(), veo_order()
    await shop.buy(first)
    attempt = await shop.attempt(first)
    body = json.dumps({"id": attempt.provider_id, "status": "succeeded"}).encode()
    other = await _parked(shop, second)
    await knock.receive("replicate", signed_headers(SECRET, "m", body, time.time()), body, attempt=str(other))
    assert (await shop.attempt(second)).provider_id is None


async def test_a_webhook_makes_waiting_work_due(knock, shop, database):
    order = veo_order()
    await shop.buy(order)
    attempt = await shop.attempt(order)
    async with database.transaction() as conn:
        await conn.execute(
            "INSERT INTO work_items (id, kind, key, subject, payload, max_attempts, due_at) "
            "VALUES (gen_random_uuid(), 'scene', 'k', $1, '{}', 5, now() + interval '1 hour')",
            order.subject,
        )
    body = json.dumps({"id": attempt.provider_id, "status": "succeeded"}).encode()
    await knock.receive("replicate", signed_headers(SECRET, "m", body, time.time()), body, attempt="")
    async with database.connection() as conn:
        assert await conn.fetchval("SELECT due_at <= now() FROM work_items WHERE kind = 'scene'")


async def _parked(shop, order):
    """An attempt that stands as parked."""
    async with shop.database.transaction() as conn:
        attempt = await ledger.insert(conn, order, dict(order.inputs))
        await conn.execute("UPDATE purchases SET state = 'parked', submit_started_at = now() WHERE id = $1", attempt.id)
    return attempt.id
