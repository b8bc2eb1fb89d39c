"""The deployed transport: RabbitMQ quorum queues on one topic exchange, through aio-pika.

Names: exchange `adreel.events`, routing key = event type, queue `<service>.<type>`, dead queue `<queue>.dead`.
A channel per consumer keeps prefetch apart; publishing uses a channel of its own with confirms, where an unroutable
message raises. Changed queue arguments would stop the start, so they are constants here.
"""

import asyncio
from collections.abc import Sequence

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractRobustConnection
from aio_pika.exceptions import AMQPError, DeliveryError

from adreel_kit.bus.transport import EXCHANGE, MAX_DELIVERIES, Manifest, Receiver, TransportUnavailable, WireMessage
from adreel_kit.logging import get_logger

log = get_logger(__name__)

_DEAD_EXCHANGE = f"{EXCHANGE}.dead"
_CONFIRM_SECONDS = 15


class RabbitTransport:
    """Messages in RabbitMQ 3.10 or later; see `transport.Transport` for the contract."""

    def __init__(self, url: str, manifest: Manifest, *, name: str = "adreel") -> None:
        self._url = url
        self._manifest = manifest
        self._name = name
        self._connection: AbstractRobustConnection | None = None
        self._publishing: AbstractChannel | None = None

    async def start(self) -> None:
        delay = 0.2
        while True:
            try:
                # Reconnecting every second instead of aio-pika's five keeps a broker restart short.
                self._connection = await aio_pika.connect_robust(
                    self._url, reconnect_interval=1, client_properties={"connection_name": self._name}
                )
                await self._declare()
                return
            except (OSError, AMQPError, TimeoutError) as error:
                log.warning("rabbitmq.waiting", error=str(error) or type(error).__name__)
                if self._connection is not None:
                    await self._connection.close()
                    self._connection = None
                await asyncio.sleep(delay)
                delay = min(delay * 2, 2.0)

    async def aclose(self) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def ping(self) -> None:
        if self._connection is None or not self._connection.connected.is_set():
            raise TransportUnavailable("The message broker is not connected.")

    async def _declare(self) -> None:
        channel = await self._connected().channel()
        events = await channel.declare_exchange(EXCHANGE, aio_pika.ExchangeType.TOPIC, durable=True)
        dead = await channel.declare_exchange(_DEAD_EXCHANGE, aio_pika.ExchangeType.DIRECT, durable=True)
        for routing_key, queue_name in self._manifest.bindings():
            dead_name = f"{queue_name}.dead"
            buried = await channel.declare_queue(dead_name, durable=True, arguments={"x-queue-type": "quorum"})
            await buried.bind(dead, routing_key=dead_name)
            queue = await channel.declare_queue(
                queue_name,
                durable=True,
                arguments={
                    "x-queue-type": "quorum",
                    "x-delivery-limit": MAX_DELIVERIES,
                    "x-dead-letter-exchange": _DEAD_EXCHANGE,
                    "x-dead-letter-routing-key": dead_name,
                },
            )
            await queue.bind(events, routing_key=routing_key)
        await channel.close()

    async def publish(self, messages: Sequence[WireMessage]) -> None:
        try:
            channel = await self._publish_channel()
            events = await channel.get_exchange(EXCHANGE, ensure=False)
            await asyncio.gather(
                *(
                    (channel.default_exchange if message.direct else events).publish(
                        aio_pika.Message(
                            message.body.encode(),
                            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                            content_type="application/json",
                            message_id=message.message_id,
                            headers={"attempt": message.attempt},
                        ),
                        routing_key=message.dest,
                        # An event that nobody consumes yet is no error; one whose queue is missing is.
                        mandatory=message.direct or bool(self._manifest.consumers.get(message.dest)),
                        timeout=_CONFIRM_SECONDS,
                    )
                    for message in messages
                )
            )
        except DeliveryError as error:
            # Returned as unroutable or refused: the queues are declared at start, so another service's are missing.
            raise TransportUnavailable("The message broker did not route a message.") from error
        except (OSError, AMQPError, TimeoutError, RuntimeError, asyncio.InvalidStateError) as error:
            raise TransportUnavailable("The message broker did not take a message.") from error

    async def consume(self, queue: str, receiver: Receiver, *, prefetch: int) -> None:
        channel = await self._connected().channel()
        await channel.set_qos(prefetch_count=prefetch)
        source = await channel.get_queue(queue, ensure=False)

        async def on_message(incoming: AbstractIncomingMessage) -> None:
            try:
                await receiver(_from_amqp(incoming))
            except Exception as error:  # nothing was recorded, so the broker keeps it; the rest avoids a hot loop
                log.warning("bus.delivery_failed", queue=queue, message_id=incoming.message_id, error=repr(error))
                await asyncio.sleep(1)
                await incoming.nack(requeue=True)
                return
            await incoming.ack()

        tag = await source.consume(on_message)
        try:
            await asyncio.Event().wait()
        finally:
            try:
                async with asyncio.timeout(2):
                    await source.cancel(tag)
                    await channel.close()
            except (OSError, AMQPError, TimeoutError, RuntimeError):
                log.debug("rabbitmq.consumer_close_failed", queue=queue)

    def _connected(self) -> AbstractRobustConnection:
        if self._connection is None:
            raise TransportUnavailable("The message broker is not connected.")
        return self._connection

    async def _publish_channel(self) -> AbstractChannel:
        await self.ping()
        if self._publishing is None or self._publishing.is_closed:
            # on_return_raises: with mandatory alone an unroutable message would count as delivered.
            self._publishing = await self._connected().channel(publisher_confirms=True, on_return_raises=True)
        return self._publishing


def _from_amqp(incoming: AbstractIncomingMessage) -> WireMessage:
    headers = incoming.headers or {}
    attempt = headers.get("attempt", 1)
    # Quorum queues count earlier deliveries; a classic queue only says that there was one.
    earlier = headers.get("x-delivery-count", 1 if incoming.redelivered else 0)
    return WireMessage(
        message_id=incoming.message_id or str(incoming.delivery_tag),
        dest=incoming.routing_key or "",
        body=incoming.body.decode("utf-8", errors="replace"),
        attempt=attempt if isinstance(attempt, int) else 1,
        deliveries=(earlier if isinstance(earlier, int) else 0) + 1,
    )
