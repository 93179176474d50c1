"""A match rule, ready for use."""

import json
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

from apps.matching.engine import Config, Model

FORM = 2
"""How values are cleaned and cut into keys. Raise it when the engine does either otherwise: records prepared before are
then prepared anew by the re-match that an upgrade queues, instead of being compared with what they no longer fit."""


@dataclass(frozen=True)
class Rule:
    """An active match rule, ready for use."""

    entity: str
    version: int
    config: Config
    model: Model

    @cached_property
    def fingerprint(self) -> int:
        """Name what records are prepared for: rules that clean and key alike share it, whatever they weigh."""
        document = self.config.to_json()
        shape = json.dumps([FORM, document["attributes"], document["passes"]], sort_keys=True)
        return int.from_bytes(blake2b(shape.encode(), digest_size=8).digest(), "big", signed=True)
