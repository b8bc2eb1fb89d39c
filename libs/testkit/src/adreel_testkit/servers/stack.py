"""Which servers tests can have on this machine: containers, else programs that are installed, else none, and why.

A server comes from a container where an engine answers and has, or can pull, the server's image.

`ADREEL_STACK` (`containers` or `native`) leaves only that choice. `ADREEL_REQUIRE_STACK=1` is for machines that are
meant to have everything, such as CI: there a server that cannot be had is a failure and not a skip.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from adreel_testkit.servers.containers import (
    PostgresContainer,
    RabbitMQContainer,
    S3Container,
    do_without_a_reaper_that_cannot_be_had,
    server_images,
)
from adreel_testkit.servers.engine import engine_answers, engine_has
from adreel_testkit.servers.errors import ServerUnavailableError
from adreel_testkit.servers.postgres import PrivatePostgres, find_postgres
from adreel_testkit.servers.rabbitmq import RabbitMQNode, find_rabbitmq
from adreel_testkit.servers.s3 import PrivateS3, S3Kind, find_s3_kinds


class Source(StrEnum):
    """Where a server comes from."""

    CONTAINER = "container"
    NATIVE = "native"
    MISSING = "missing"


@dataclass(frozen=True)
class Offer:
    """One server: where it would come from, and a line about it for a person."""

    source: Source
    line: str


@dataclass(frozen=True)
class Stack:
    """What tests can have here. `open_...` make the server, which is then entered as an async context manager."""

    postgres: Offer
    rabbitmq: Offer
    s3: Offer
    s3_kinds: tuple[S3Kind, ...]

    @property
    def lines(self) -> tuple[str, str, str]:
        """One clear line per server."""
        return self.postgres.line, self.rabbitmq.line, self.s3.line

    def open_postgres(self) -> PostgresContainer | PrivatePostgres:
        _must_be_had(self.postgres)
        return PostgresContainer() if self.postgres.source is Source.CONTAINER else PrivatePostgres()

    def open_rabbitmq(self) -> RabbitMQContainer | RabbitMQNode:
        _must_be_had(self.rabbitmq)
        return RabbitMQContainer() if self.rabbitmq.source is Source.CONTAINER else RabbitMQNode()

    def open_s3(self, kind: S3Kind) -> S3Container | PrivateS3:
        _must_be_had(self.s3)
        return S3Container() if kind is S3Kind.CONTAINER else PrivateS3(kind)


def available_stack(environ: Mapping[str, str] | None = None) -> Stack:
    """Look what this machine offers; nothing is started."""
    values = os.environ if environ is None else environ
    wanted = values.get("ADREEL_STACK", "").strip()
    if wanted not in ("", "containers", "native"):
        raise ValueError(f"ADREEL_STACK is {wanted!r}; it can be `containers` or `native`.")
    native = _native_stack()
    if wanted == "native" or not engine_answers(values):
        contained = {}
    else:
        contained = {name: image for name, image in server_images(values).items() if engine_has(image, values)}
    if contained:
        do_without_a_reaper_that_cannot_be_had(values)
    if wanted == "containers":
        native = _nothing_but_containers()
    return Stack(
        _offer("PostgreSQL", contained, native.postgres),
        _offer("RabbitMQ", contained, native.rabbitmq),
        _offer("S3", contained, native.s3),
        (S3Kind.CONTAINER,) if "S3" in contained else native.s3_kinds,
    )


def is_required(environ: Mapping[str, str] | None = None) -> bool:
    """Whether a server that cannot be had is a failure."""
    values = os.environ if environ is None else environ
    return values.get("ADREEL_REQUIRE_STACK", "").strip().lower() in ("1", "true", "yes", "on")


def _offer(name: str, contained: Mapping[str, str], else_this: Offer) -> Offer:
    if name not in contained:
        return else_this
    return Offer(Source.CONTAINER, f"{name}: in a container of {contained[name]}")


def _nothing_but_containers() -> Stack:
    why = "no container engine answers that has or can pull its image, and ADREEL_STACK allows nothing else"
    return Stack(_missing("PostgreSQL", why), _missing("RabbitMQ", why), _missing("S3", why), ())


def _native_stack() -> Stack:
    try:
        found = find_postgres()
        carrier = "installed on this machine" if found.origin == "system" else "from the embedded suite's wheel"
        postgres = Offer(Source.NATIVE, f"PostgreSQL: {found.major}, {carrier}")
    except ServerUnavailableError as error:
        postgres = _missing("PostgreSQL", str(error))
    try:
        rabbitmq = Offer(Source.NATIVE, f"RabbitMQ: {find_rabbitmq().parent.parent.name}, installed on this machine")
    except ServerUnavailableError as error:
        rabbitmq = _missing("RabbitMQ", str(error))
    kinds = find_s3_kinds()
    if kinds:
        s3 = Offer(Source.NATIVE, f"S3: {' and '.join(kinds)}")
    else:
        s3 = _missing("S3", "neither rclone nor moto is installed")
    return Stack(postgres, rabbitmq, s3, kinds)


def _missing(name: str, why: str) -> Offer:
    return Offer(Source.MISSING, f"{name}: cannot be had, {why}")


def _must_be_had(offer: Offer) -> None:
    if offer.source is Source.MISSING:
        raise ServerUnavailableError(offer.line)
