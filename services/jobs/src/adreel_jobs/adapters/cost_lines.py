"""Cost lines as the neighbours send them."""

from collections.abc import Iterable

from adreel.common.v1 import common_pb2

from adreel_jobs.domain.cost import CostLine


def read_lines(lines: Iterable[common_pb2.CostLine]) -> tuple[CostLine, ...]:
    return tuple(
        CostLine(
            kind=line.kind,
            description=line.description,
            provider=line.provider,
            model=line.model,
            quantity=line.quantity,
            unit=line.unit,
            amount_micros=line.amount_micros,
            state=line.state or "estimated",
        )
        for line in lines
    )
