"""Which side gets what was done while two records were one: as chosen of what is offered, else as evidence says."""

from collections.abc import Sequence
from uuid import UUID

from apps.core.errors import HubError
from apps.mastering.contracts import Choices, Offer, Side


class InvalidChoice(HubError):
    code = "invalid_choice"
    title = "This is nothing that can be given to that side"
    status = 422


def refuse_unoffered(offers: Sequence[Offer], choices: Choices) -> None:
    """Raise InvalidChoice, with the offer and its options, for a choice that is none of those offered."""
    offered: dict[tuple[str, str], Offer] = {(offer.kind, offer.key): offer for offer in offers}
    for kind, key, side in choices.sides():
        offer = offered.get((kind, key))
        if offer is None:
            raise InvalidChoice(
                f"No {kind} {key} is offered here, or not any more; look at the preview again."
            )
        if side not in offer.options:
            raise InvalidChoice(f"{offer}: it can go to {', '.join(offer.options)}, not to {side!r}.")


def settled(offers: Sequence[Offer], choices: Choices) -> Choices:
    """Return the side of everything that was offered: as chosen, else as evidence says."""
    pins: dict[UUID, Side] = {}
    members: dict[UUID, Side] = {}
    requests: dict[UUID, Side] = {}
    children: dict[tuple[UUID, str], Side] = {}
    for offer in offers:
        if offer.kind == "child":
            record, _, name = offer.key.partition(":")
            children[UUID(record), name] = choices.children.get((UUID(record), name), offer.side)
            continue
        key = UUID(offer.key)
        sides, given = {
            "pin": (pins, choices.pins),
            "member": (members, choices.members),
            "request": (requests, choices.requests),
        }[offer.kind]
        sides[key] = given.get(key, offer.side)
    return Choices(members=members, pins=pins, requests=requests, children=children)
