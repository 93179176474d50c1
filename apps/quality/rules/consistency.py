"""Rules on dates that must follow each other, and references that must not turn back."""

from collections.abc import Iterator

from apps.golden.spec import EntitySpec
from apps.quality.bounds import is_reversed, own_references, periods_of
from apps.quality.contracts import Issue
from apps.quality.registry import RuleCheck, rule
from apps.quality.rules.reading import Values, has_attributes, issue_at, items_of


@rule("dates_in_order")
def dates_in_order(spec: EntitySpec) -> RuleCheck | None:
    """No period ends before it begins, of the record or of an item."""
    pairs = periods_of(spec.attributes)
    item_pairs = [(c.name, pair) for c in spec.collections for pair in periods_of(c.columns)]

    def check(values: Values) -> Iterator[Issue]:
        for pair in pairs:
            if is_reversed(dict(values), pair):
                yield issue_at(pair[1], "period.reversed", "block", f"Before {pair[0]}.", values[pair[1]])
        for name, pair in item_pairs:
            for number, item in enumerate(items_of(values, name)):
                if is_reversed(dict(item), pair):
                    path = f"{name}[{number}].{pair[1]}"
                    yield issue_at(path, "period.reversed", "block", f"Before {pair[0]}.", item[pair[1]])

    return check if pairs or item_pairs else None


@rule("due_after_issued")
def due_after_issued(spec: EntitySpec) -> RuleCheck | None:
    """Nothing is due or paid before it was issued."""
    pairs = [
        ("issued_on", later) for later in ("due_on", "paid_on") if has_attributes(spec, "issued_on", later)
    ]

    def check(values: Values) -> Iterator[Issue]:
        for pair in pairs:
            if is_reversed(dict(values), pair):
                yield issue_at(
                    pair[1], "dates.before_issue", "warn", "Before it was issued.", values[pair[1]]
                )

    return check if pairs else None


@rule("periods_do_not_overlap")
def periods_do_not_overlap(spec: EntitySpec) -> RuleCheck | None:
    """Effective-dated items that are the same but for their dates do not overlap."""
    dated = [
        (c.name, pair, tuple(name for name in c.identity if name not in pair))
        for c in spec.collections
        for pair in periods_of(c.columns)
        if pair[0] in c.identity
    ]

    def check(values: Values) -> Iterator[Issue]:
        for name, (first, last), same in dated:
            groups: dict[tuple[str, ...], list[tuple[str, str, int]]] = {}
            for number, item in enumerate(items_of(values, name)):
                if item.get(first):
                    group = tuple(str(item.get(column)) for column in same)
                    groups.setdefault(group, []).append((item[first], item.get(last) or "9999", number))
            for rows in groups.values():
                for earlier, later in zip(sorted(rows), sorted(rows)[1:], strict=False):
                    if later[0] <= earlier[1] and earlier[1] != "9999":
                        path = f"{name}[{later[2]}].{first}"
                        text = "Begins before the period before it ends."
                        yield issue_at(path, "period.overlap", "warn", text, later[0])

    return check if dated else None


@rule("not_its_own_parent")
def not_its_own_parent(spec: EntitySpec) -> RuleCheck | None:
    """A record does not refer to itself; its own golden id stands under "id", where the caller gives it."""
    names = own_references(spec)

    def check(values: Values) -> Iterator[Issue]:
        own = values.get("id")
        for name in names if own else ():
            if values.get(name) == own:
                yield issue_at(name, "reference.itself", "block", "The record refers to itself.", own)

    return check if names else None
