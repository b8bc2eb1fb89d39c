"""gRPC between services: servers and clients with deadlines, errors that keep their codes, and health."""

from adreel_kit.rpc.client import call, open_channel, stream
from adreel_kit.rpc.server import RpcServer

__all__ = ["RpcServer", "call", "open_channel", "stream"]
