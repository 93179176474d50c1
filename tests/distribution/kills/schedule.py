"""What happens when in a series: a pure function of its seed, so that the same seed strikes in the same order."""

from dataclasses import dataclass
from random import Random
from typing import Any

VICTIMS = {
    "worker child": 25,
    "deliverer": 20,
    "postgres backend": 20,
    "broker": 10,
    "web child": 7,
    "web": 6,
    "worker": 5,
    "postmaster": 7,
}
"""Who is killed, out of a hundred times."""
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "500", "times": 2},
    {"kind": "503"},
    {"kind": "hang", "seconds": 6},
    {"kind": "drop", "times": 2},
    {"kind": "refuse"},
    {"kind": "lock", "times": 2},
    {"kind": "429", "times": 1, "seconds": 3},
    {"kind": "token_expiry"},
)
SPARE = 3
TARGETS = ("salesforce", "netsuite")
WIPE_AFTER = 0.45
"""Part of the kills after which the broker loses everything and stays away for WIPE_SECONDS."""
WIPE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Strike:
    """One blow, `pause` seconds after the one before; `roll` picks among several processes of a kind."""

    pause: float
    victim: str = ""
    roll: float = 0.0
    target: str = ""
    fault: dict[str, Any] | None = None


def strikes_of(seed: int, *, kills: int, gap: float) -> list[Strike]:
    """Return the strikes of a series: `kills` kills about `gap` seconds apart, a wipe, and a fault for every third.

    There are SPARE times as many, for those that find nobody.
    """
    chance = Random(seed)
    names, weights = list(VICTIMS), list(VICTIMS.values())
    strikes = []
    for number in range(kills * SPARE):
        victim = chance.choices(names, weights)[0]
        if number == int(kills * WIPE_AFTER):
            victim = "broker wipe"
        strikes.append(Strike(chance.uniform(0.3, 1.7) * gap, victim=victim, roll=chance.random()))
        if number % 3 == 0:
            fault = chance.choice(FAULTS)
            strikes.append(Strike(chance.uniform(0, 0.5), target=chance.choice(TARGETS), fault=fault))
    return strikes
