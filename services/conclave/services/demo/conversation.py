"""What people in one room do together: they speak, one after the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conclave.services.demo.turns import Turns
from conclave.services.demo.voice import CHUNK_SECONDS, Voice

__all__ = ["Conversation", "Speech"]


class Conversation:
    """Who of one room speaks."""

    def __init__(self, seed: int) -> None:
        self._turns = Turns(seed)
        self._speeches: list[Speech] = []

    def join(self, name: str, voice: Voice, microphone: bool) -> Speech:
        """Somebody may speak from now on, when the microphone is on."""
        speech = Speech(name, voice, microphone, self)
        self._speeches.append(speech)
        return speech

    def leave(self, speech: Speech) -> None:
        """Somebody does not speak any more."""
        self._speeches.remove(speech)

    def speaker(self, now_s: float) -> str:
        """Whose turn it is; empty in a pause."""
        return self._turns.speaker(now_s, [speech.name for speech in self._speeches if speech.microphone])


class Speech:
    """What one person says. Talk goes on as time does; it is heard when the turn is the person's."""

    def __init__(self, name: str, voice: Voice, microphone: bool, conversation: Conversation) -> None:
        self.name, self.microphone = name, microphone
        self._voice, self._conversation = voice, conversation

    def speaks(self, now_s: float) -> bool:
        """Whether the person is to be heard."""
        return self.microphone and self._conversation.speaker(now_s) == self.name

    def chunk(self, now_s: float) -> NDArray[np.int16]:
        """20 ms of sound."""
        chunk = self._voice.chunk(int(now_s / CHUNK_SECONDS))
        return chunk if self.speaks(now_s) else np.zeros_like(chunk)

    def loudness(self, now_s: float) -> float:
        """How far the mouth is open, 0 to 1."""
        return self._voice.loudness(int(now_s / CHUNK_SECONDS)) if self.speaks(now_s) else 0.0
