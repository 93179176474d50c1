"""Evidence signatures: pairs whose attributes agree in the same way look alike to whoever decides."""

from collections.abc import Iterable, Mapping
from typing import Any

SIGNATURE = """
    coalesce((SELECT string_agg((e ->> 'attribute') || ':' || CASE
        WHEN (e ->> 'level')::int >= 9 THEN 'equal' WHEN (e ->> 'level')::int >= 6 THEN 'near'
        WHEN (e ->> 'level')::int >= 2 THEN 'partly' ELSE 'different' END, ' ' ORDER BY e ->> 'attribute')
    FROM jsonb_array_elements(p.evidence) e WHERE (e ->> 'level')::int > 0), '')
"""
"""SQL: the signature of candidate pair `p`; what is missing on a side is left out."""


def signature_parts(signature: str) -> list[tuple[str, str]]:
    """Return (attribute, kind of agreement) of each part; kinds are equal, near, partly, different."""
    return [(name, kind) for name, _, kind in (part.rpartition(":") for part in signature.split())]


def signature_of(evidence: Iterable[Mapping[str, Any]]) -> str:
    """Return the signature of a stored comparison, as the database computes it."""
    parts = []
    for entry in evidence:
        level = int(entry["level"])
        if level:
            kind = (
                "equal" if level >= 9 else "near" if level >= 6 else "partly" if level >= 2 else "different"
            )
            parts.append((entry["attribute"], kind))
    return " ".join(f"{name}:{kind}" for name, kind in sorted(parts))
