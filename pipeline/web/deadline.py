"""HTTP whose requests must arrive in time: who sends half of one holds nothing for long."""

from asyncio import TimerHandle, Transport
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


class DeadlineProtocol(H11Protocol):
    """Uvicorn's protocol, with an end to its waiting for each part of a request."""

    limits_s: ClassVar = {
        h11.IDLE: 10,  # for a head, from connecting or from the answer before
        h11.SEND_BODY: 60,  # for the body: 15 MB at 2 Mbit/s
    }
    _awaited: object = None  # the client's state that is timed
    _timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Wait for the first head."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take a piece of a request, which may be its end."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Wait for the next head."""
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        super().connection_lost(exc)
        self._stop()

    def _watch(self) -> None:
        state = self.conn.their_state
        if state is not self._awaited:
            self._stop()
            self._awaited = state
            if state in self.limits_s:
                self._timer = self.loop.call_later(self.limits_s[state], self.transport.close)

    def _stop(self) -> None:
        if self._timer:
            self._timer.cancel()
