"""One suite over both transports: what the bus needs of each."""

import asyncio

import pytest
from adreel_kit.bus import WireMessage

pytestmark = pytest.mark.connected


def a_message(number: int = 1, **changes) -> WireMessage:
    return WireMessage(message_id=f"m-{number}", dest="thing.made.v1", body=f'{{"n": {number}}}', **changes)


async def test_every_bound_queue_gets_its_own_copy(open_transport, running, eventually):
    transport = await open_transport()
    kept: list[str] = []
    seen: list[str] = []

    async def keep(message):
        kept.append(message.message_id)

    async def see(message):
        seen.append(message.message_id)

    async with running(
        transport.consume("keeper.thing.made.v1", keep, prefetch=4),
        transport.consume("watcher.thing.made.v1", see, prefetch=4),
    ):
        await transport.publish([a_message(n) for n in range(5)])

        async def all_there():
            return len(kept) == 5 and len(seen) == 5

        await eventually(all_there)
    assert sorted(kept) == sorted(seen) == [f"m-{n}" for n in range(5)]


async def test_messages_wait_for_a_consumer_that_comes_later(open_transport, running, eventually):
    publisher = await open_transport()
    await publisher.publish([a_message(1)])
    consumer = await open_transport()
    got: list[WireMessage] = []

    async def take(message):
        got.append(message)

    async with running(consumer.consume("keeper.thing.made.v1", take, prefetch=1)):

        async def there():
            return got

        await eventually(there)
    assert got[0].body == '{"n": 1}'
    assert got[0].attempt == 1
    assert got[0].deliveries == 1


async def test_a_direct_message_reaches_only_the_queue_it_names(open_transport, running, eventually):
    transport = await open_transport()
    kept, seen = [], []

    async def keep(message):
        kept.append(message)

    async def see(message):
        seen.append(message)

    async with running(
        transport.consume("keeper.thing.made.v1", keep, prefetch=1),
        transport.consume("watcher.thing.made.v1", see, prefetch=1),
    ):
        await transport.publish(
            [WireMessage(message_id="r", dest="keeper.thing.made.v1", body="{}", direct=True, attempt=3)]
        )

        async def there():
            return kept

        await eventually(there)
        await asyncio.sleep(0.2)
    assert [m.attempt for m in kept] == [3]
    assert seen == []


async def test_a_receiver_that_fails_gets_the_message_again_and_counted(open_transport, running, eventually):
    transport = await open_transport()
    deliveries: list[int] = []

    async def fail_twice(message):
        deliveries.append(message.deliveries)
        if len(deliveries) < 3:
            raise RuntimeError("the database is away")

    async with running(transport.consume("keeper.thing.made.v1", fail_twice, prefetch=1)):
        await transport.publish([a_message(1)])

        async def thrice():
            return len(deliveries) >= 3

        await eventually(thrice)
    assert deliveries == [1, 2, 3]


async def test_an_event_that_nobody_consumes_is_published_without_complaint(open_transport):
    transport = await open_transport()
    await transport.publish([WireMessage(message_id="l", dest="thing.lost.v1", body="{}")])


async def test_two_consumers_share_a_queue_and_no_message_is_handled_twice(open_transport, running, eventually):
    first, second = await open_transport(), await open_transport()
    got: dict[str, list[str]] = {"a": [], "b": []}

    def receiver(name):
        async def take(message):
            await asyncio.sleep(0.01)
            got[name].append(message.message_id)

        return take

    async with running(
        first.consume("keeper.thing.made.v1", receiver("a"), prefetch=2),
        second.consume("keeper.thing.made.v1", receiver("b"), prefetch=2),
    ):
        await first.publish([a_message(n) for n in range(40)])

        async def all_there():
            return len(got["a"]) + len(got["b"]) >= 40

        await eventually(all_there)
    assert sorted(got["a"] + got["b"]) == sorted(f"m-{n}" for n in range(40))
    assert got["a"]
    assert got["b"]
