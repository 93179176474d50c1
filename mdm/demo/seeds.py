"""Independent random streams and collision-free number spreading, all from one seed."""

from random import Random
from zlib import crc32

PRIME = 15_485_863


def stream(seed: int, purpose: str, index: int = 0) -> Random:
    """A generator that depends on (seed, purpose, index) only, the same in every process."""
    return Random((seed << 80) ^ (crc32(purpose.encode()) << 40) ^ index)


def spread(serial: int, low: int, span: int, *, seed: int = 0) -> int:
    """Maps serials below `span` to distinct numbers in [low, low + span); span is no multiple of PRIME."""
    return low + (serial * PRIME + seed * 104_729) % span


def even_draw(serial: int, seed: int, purpose: str) -> float:
    """A number in [0, 1) whose values over consecutive serials are spread evenly (golden ratio steps)."""
    return (serial * 0.6180339887498949 + crc32(f"{purpose}{seed}".encode()) / 2**32) % 1.0


class SeenFilter:
    """Remembers texts in a fixed number of bits; may call a new text seen, never a seen one new."""

    def __init__(self, expected: int) -> None:
        self._size = max(1 << 16, expected * 32)
        self._bits = bytearray(self._size // 8 + 1)

    def add(self, text: str) -> bool:
        """Adds the text; True when it was new."""
        slot = crc32(text.encode()) % self._size
        byte, mask = slot >> 3, 1 << (slot & 7)
        if self._bits[byte] & mask:
            return False
        self._bits[byte] |= mask
        return True
