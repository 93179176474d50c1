"""Periods of golden records: first and last day may come from different systems and contradict each other."""

from apps.golden.spec import Document


def without_reversed_end(document: Document, first: str, last: str) -> Document:
    """Return the document without its last day if that lies before the first one.

    Each system's own record was in order; which day is wrong nobody can tell, so the end counts as
    not known. Dates are ISO text. The document is not changed.
    """
    start, end = document.get(first), document.get(last)
    if start is None or end is None or end >= start:
        return document
    return {name: value for name, value in document.items() if name != last}
