"""What an edge knows of whoever asks."""

from dataclasses import dataclass

from apps.accounts.roles import Capability


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller with the capabilities of this call."""

    user_id: int
    username: str
    capabilities: frozenset[Capability]

    def may(self, capability: Capability) -> bool:
        return capability in self.capabilities
