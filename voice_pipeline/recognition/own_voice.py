"""When the sound holds the robot's own words, so that it does not obey itself."""

from __future__ import annotations

# A speaker that died while it spoke never says that it has finished.
LONGEST_SPEECH_NS = 60_000_000_000


class OwnVoice:
    """Takes what the speaker says of itself; the times are those at which the messages and the sound arrived."""

    def __init__(self, tail_ms: int) -> None:
        """`tail_ms`: how long the room and the sound card go on after the speaker has finished."""
        self._tail_ns = tail_ms * 1_000_000
        self._since_ns = 0
        self._until_ns = 0

    def set_speaking(self, is_speaking: bool, at_ns: int) -> None:
        """Note that the robot begins to speak, or has finished."""
        if is_speaking:
            if not self.is_heard(at_ns):
                self._since_ns = at_ns
            self._until_ns = at_ns + LONGEST_SPEECH_NS
        elif self.is_heard(at_ns):
            self._until_ns = min(self._until_ns, at_ns + self._tail_ns)

    def is_heard(self, at_ns: int) -> bool:
        """Return whether sound that arrives now may hold the robot's words; False where the clock was set back."""
        return self._since_ns <= at_ns < self._until_ns
