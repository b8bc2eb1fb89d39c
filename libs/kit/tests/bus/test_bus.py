"""Outbox to inbox over both transports: what a service may rely on."""

import asyncio
from datetime import timedelta
from typing import ClassVar

import pytest
from adreel_kit.bus import Bus, DeadLetter, MessageDeadLettered, Retry, WireMessage
from adreel_kit.bus.relay import Relay
from adreel_kit.envelope import Event, Story, enter_story
from adreel_kit.errors import Conflict, Invalid, Unavailable
from adreel_kit.outbox import Outbox

pytestmark = pytest.mark.connected


class ThingMade(Event):
    TYPE: ClassVar[str] = "thing.made.v1"
    name: str


@pytest.fixture
async def stage(database, listener, open_transport):
    """A keeper service with its bus, relay and outbox."""
    transport = await open_transport()
    bus = Bus(service="keeper", database=database, transport=transport)
    relay = Relay(database=database, transport=transport, listener=listener)
    return bus, relay, Outbox(source="maker"), transport


async def handled(database, name) -> int:
    async with database.connection() as conn:
        return await conn.fetchval("SELECT handled FROM things WHERE name = $1", name) or 0


async def count(conn, name) -> None:
    await conn.execute(
        "INSERT INTO things VALUES ($1, 1) ON CONFLICT (name) DO UPDATE SET handled = things.handled + 1", name
    )


async def test_an_event_is_published_only_with_the_change_that_caused_it(stage, database, running, eventually):
    bus, relay, outbox, _ = stage
    got = []

    async def keep(message):
        got.append(message.event.name)

    bus.subscribe(ThingMade, keep)

    async def publish_and_fail():
        async with database.transaction() as conn:
            await outbox.publish(ThingMade(name="never"), conn, subject="t")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await publish_and_fail()
    async with running(bus.run(), relay.run()):
        async with database.transaction() as conn:
            await outbox.publish(ThingMade(name="real"), conn, subject="t")

        async def there():
            return got

        await eventually(there)
    assert got == ["real"]


async def test_a_duplicate_is_acknowledged_and_changes_nothing(stage, database):
    bus, _, outbox, _ = stage

    async def keep(message):
        await count(message.conn, message.event.name)

    bus.subscribe(ThingMade, keep)
    async with database.transaction() as conn:
        await outbox.publish(ThingMade(name="x"), conn, subject="t")
        row = await conn.fetchrow("SELECT * FROM outbox")
    wire = WireMessage(message_id=str(row["message_id"]), dest="thing.made.v1", body=row["body"])
    for _ in range(3):
        await bus.deliver(wire)
    assert await handled(database, "x") == 1


async def test_a_handler_that_fails_for_a_while_is_tried_again_and_its_changes_are_made_once(
    stage, database, running, eventually
):
    bus, relay, outbox, _ = stage
    attempts = []

    async def keep(message):
        attempts.append(message.attempt)
        await count(message.conn, message.event.name)
        if len(attempts) < 3:
            raise Unavailable("not yet")

    bus.subscribe(ThingMade, keep)
    async with running(bus.run(), relay.run()):
        async with database.transaction() as conn:
            await outbox.publish(ThingMade(name="x"), conn, subject="t")

        async def done():
            return await handled(database, "x")

        await eventually(done)
    assert attempts == [1, 2, 3]
    assert await handled(database, "x") == 1


async def test_a_message_refused_for_good_ends_as_a_dead_letter_and_an_event(stage, database):
    bus, _, outbox, _ = stage

    async def keep(message):
        raise Invalid("no good")

    bus.subscribe(ThingMade, keep)
    async with database.transaction() as conn:
        await outbox.publish(ThingMade(name="x"), conn, subject="job-7")
        row = await conn.fetchrow("DELETE FROM outbox RETURNING *")
    await bus.deliver(WireMessage(message_id=str(row["message_id"]), dest="thing.made.v1", body=row["body"]))
    async with database.connection() as conn:
        dead = await conn.fetchrow("SELECT * FROM dead_letter")
        told = await conn.fetchrow("SELECT * FROM outbox")
    assert dead["reason"] == "invalid"
    assert told["dest"] == MessageDeadLettered.TYPE
    assert '"subject":"job-7"' in told["body"]


async def test_a_body_that_is_no_envelope_is_set_aside_and_not_retried(stage, database):
    bus, _, _, _ = stage

    async def keep(message):
        raise AssertionError("never called")

    bus.subscribe(ThingMade, keep)
    await bus.deliver(WireMessage(message_id="m", dest="thing.made.v1", body="not json"))
    async with database.connection() as conn:
        assert await conn.fetchval("SELECT reason FROM dead_letter") == "malformed"
        assert await conn.fetchval("SELECT count(*) FROM outbox") == 0


async def test_a_message_that_kills_its_handler_is_set_aside_before_the_broker_drops_it(stage, database):
    bus, _, outbox, _ = stage
    called = []

    async def keep(message):
        called.append(message)

    bus.subscribe(ThingMade, keep)
    async with database.transaction() as conn:
        await outbox.publish(ThingMade(name="x"), conn, subject="t")
        row = await conn.fetchrow("SELECT * FROM outbox")
    await bus.deliver(
        WireMessage(message_id=str(row["message_id"]), dest="thing.made.v1", body=row["body"], deliveries=5)
    )
    async with database.connection() as conn:
        assert await conn.fetchval("SELECT reason FROM dead_letter") == "crash_loop"
    assert called == []


async def test_a_late_event_is_acknowledged_and_forgotten(stage, database):
    bus, _, outbox, _ = stage

    async def keep(message):
        raise Conflict("the job is over")

    bus.subscribe(ThingMade, keep)
    async with database.transaction() as conn:
        await outbox.publish(ThingMade(name="x"), conn, subject="t")
        row = await conn.fetchrow("DELETE FROM outbox RETURNING *")
    await bus.deliver(WireMessage(message_id=str(row["message_id"]), dest="thing.made.v1", body=row["body"]))
    async with database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM dead_letter") == 0
        assert await conn.fetchval("SELECT count(*) FROM outbox") == 0


async def test_outcomes_retry_and_dead_letter_undo_the_handlers_changes(stage, database):
    bus, _, outbox, _ = stage
    outcomes = [Retry(timedelta(seconds=1)), DeadLetter("unwanted")]

    async def keep(message):
        await count(message.conn, "touched")
        return outcomes.pop(0)

    bus.subscribe(ThingMade, keep)
    async with database.transaction() as conn:
        await outbox.publish(ThingMade(name="x"), conn, subject="t")
        row = await conn.fetchrow("DELETE FROM outbox RETURNING *")
    wire = WireMessage(message_id=str(row["message_id"]), dest="thing.made.v1", body=row["body"])
    await bus.deliver(wire)
    async with database.connection() as conn:
        retry = await conn.fetchrow("DELETE FROM outbox RETURNING *")
    assert (retry["direct"], retry["attempt"], retry["dest"]) == (True, 2, "keeper.thing.made.v1")
    await bus.deliver(
        WireMessage(message_id="r", dest=retry["dest"], body=retry["body"], direct=True, attempt=retry["attempt"])
    )
    async with database.connection() as conn:
        assert await conn.fetchval("SELECT reason FROM dead_letter") == "unwanted"
    assert await handled(database, "touched") == 0


async def test_a_delayed_event_comes_after_its_delay(stage, database, running, eventually):
    bus, relay, outbox, _ = stage
    got = []
    loop = asyncio.get_running_loop()

    async def keep(message):
        got.append(loop.time())

    bus.subscribe(ThingMade, keep)
    async with running(bus.run(), relay.run()):
        sent = loop.time()
        async with database.transaction() as conn:
            await outbox.publish(ThingMade(name="x"), conn, subject="t", delay=timedelta(seconds=1))

        async def there():
            return got

        await eventually(there)
    assert got[0] - sent >= 1.0


async def test_what_a_handler_publishes_belongs_to_the_same_story(stage, database, running, eventually):
    bus, _, outbox, _ = stage
    names = []

    async def keep(message):
        names.append(message.event.name)
        if message.event.name == "first":
            await outbox.publish(ThingMade(name="second"), message.conn, subject="t")

    bus.subscribe(ThingMade, keep)
    enter_story(Story(correlation_id="story-9"))
    async with database.transaction() as conn:
        await outbox.publish(ThingMade(name="first"), conn, subject="t")
        row = await conn.fetchrow("DELETE FROM outbox RETURNING *")

    async def deliver():
        await bus.deliver(WireMessage(message_id=str(row["message_id"]), dest="thing.made.v1", body=row["body"]))

    await asyncio.create_task(deliver())
    async with database.connection() as conn:
        body = await conn.fetchval("SELECT body FROM outbox")
    assert '"correlation_id":"story-9"' in body
    assert f'"causation_id":"{row["message_id"]}"' in body
