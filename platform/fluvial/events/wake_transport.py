"""Wakes through Redis, without what Celery does to lose no message: wakes may be lost.

Where Redis goes away while a task is at work, kombu puts the message back that the task has not
acknowledged yet. By then the connection is gone, and the error ends the whole worker.
"""

from __future__ import annotations

import logging

from kombu.transport import TRANSPORT_ALIASES, redis, virtual

log = logging.getLogger("fluvial.wake")


class WakeQoS(redis.QoS):
    """Forgets messages that can no longer be acknowledged; their time runs out by itself."""

    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)  # type: ignore[no-untyped-call]
        except Exception as error:  # of kombu, redis and sockets, and of their remains
            log.debug("A wake was not acknowledged: %s", error)
            virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]


class WakeChannel(redis.Channel):
    do_restore = False
    QoS = WakeQoS


class WakeTransport(redis.Transport):
    Channel = WakeChannel


class SentinelWakeChannel(redis.SentinelChannel):
    do_restore = False
    QoS = WakeQoS


class SentinelWakeTransport(redis.SentinelTransport):
    Channel = SentinelWakeChannel


def use() -> None:
    """Let addresses of Redis mean these transports from now on."""
    for scheme, transport in (
        ("redis", WakeTransport),
        ("rediss", WakeTransport),
        ("sentinel", SentinelWakeTransport),
    ):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:{transport.__name__}"
