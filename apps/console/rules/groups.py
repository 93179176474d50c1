"""Attribute groups as the rules' grids show them."""

from apps.golden.spec import Attribute, Collection, EntitySpec


def titles_by_group(spec: EntitySpec) -> dict[str, tuple[str, ...]]:
    """Return the titles of each group's attributes and collections, groups in the spec's order."""
    parts: list[Attribute | Collection] = [*spec.attributes, *spec.collections]
    titles: dict[str, tuple[str, ...]] = dict.fromkeys(spec.groups(), ())
    for part in parts:
        titles[part.group or part.name] += (part.title,)
    return titles
