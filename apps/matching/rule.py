"""A match rule, ready for use."""

import json
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

from apps.matching.engine import Config, Model


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
        shape = json.dumps([document["attributes"], document["passes"]], sort_keys=True)
        return int.from_bytes(blake2b(shape.encode(), digest_size=8).digest(), "big", signed=True)
