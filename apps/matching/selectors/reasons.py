"""Why two records are one or are not, in sentences, the strongest reason first."""

from collections.abc import Iterator

from apps.matching.selectors.told import PairExplanation, Reason


def reasons_of(pair: PairExplanation) -> tuple[Reason, ...]:
    """Return the reasons that hold for a pair, by rank: people, then vetoes and keys, then the evidence."""
    return (*_membership(pair), *_people(pair), *_facts(pair), *_comparison(pair))


def _membership(pair: PairExplanation) -> Iterator[Reason]:
    if pair.together:
        yield Reason("one_record", f"Both belong to {pair.left.home_code}.")


def _people(pair: PairExplanation) -> Iterator[Reason]:
    for each in pair.decisions:
        said = f"{each.by} said so on {each.at:%Y-%m-%d}" + (f": {each.reason}" if each.reason else "")
        if each.direct and each.verdict == "match":
            yield Reason("must_match", f"A person bound the two as a match; {said}.")
        elif each.direct:
            yield Reason("never_match", f"A person keeps the two apart; {said}.")
        elif each.verdict == "never" and not pair.together:
            text = f"A person keeps {each.left} and {each.right} apart, and with them their golden records; {said}."
            yield Reason("never_match_between_others", text)
    if pair.stored and pair.stored.status == "open" and not pair.together:
        yield Reason("waits", "The pair waits in the review queue for a steward.")


def _facts(pair: PairExplanation) -> Iterator[Reason]:
    for each in pair.keys:
        if each.equal:
            yield Reason("same_key", f"Both have the same {' and '.join(each.attributes)}, which is a key.")
    for conflict in pair.conflicts:
        text = (
            f"They differ in {conflict.path} ({conflict.left} and {conflict.right}), which must not differ."
        )
        yield Reason("veto", text)


def _comparison(pair: PairExplanation) -> Iterator[Reason]:
    if pair.rule_version is None:
        yield Reason("no_rule", "This entity is matched by key alone: similarity plays no part.")
        return
    shared = [each for each in pair.passes if each.shared]
    if not shared:
        yield Reason("never_compared", "Never compared by rule, because they share no blocking key.")
    elif not pair.compared:
        names = ", ".join(each.name for each in shared)
        text = (
            f"Never compared by rule: the keys they share ({names}) are held by more than {pair.cap} records."
        )
        yield Reason("over_cap", text)
    bits, needed = _bits(pair.total), pair.match_weight
    if pair.band == "MATCH":
        yield Reason("evidence_for", f"The evidence of {bits} bits reaches the {needed:.1f} a match needs.")
    elif pair.band == "REVIEW":
        text = f"The evidence of {bits} bits lies between review ({pair.review_weight:.1f}) and match ({needed:.1f})."
        yield Reason("evidence_unclear", text)
    else:
        text = f"The evidence of {bits} bits does not reach the {pair.review_weight:.1f} a review needs."
        yield Reason("evidence_against", text)
    if pair.together and pair.band != "MATCH" and not any(e.direct for e in pair.decisions):
        yield Reason(
            "through_others", "They are one through other members, not by what the two say themselves."
        )


def _bits(total: float | None) -> str:
    return "?" if total is None else f"{total:.1f}"
