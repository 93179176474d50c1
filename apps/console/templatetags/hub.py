"""Template tags of the console: badges, values, times; everything else is decided in views and selectors."""

import json
from datetime import datetime
from typing import Any
from zlib import crc32

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.console.amounts import grouped_amount

register = template.Library()

TONES = {
    "good": "done live active match approved delivered landed in_step closed created updated confirmed replayed",
    "warn": "pending review running draft waiting backing_off half_open held due retry unknown overdue on_hold",
    "bad": "failed rejected parked block crashed dead blocked not_match terminated",
    "note": "in_flight merged auto new key id steward superseded open",
}
_TONE = {word: tone for tone, words in TONES.items() for word in words.split()}
_HUES = {
    "salesforce": 205,
    "netsuite": 28,
    "certinia": 265,
    "workday": 150,
    "contracts_finder": 185,
    "bis_ledger": 330,
}


@register.simple_tag
def system_badge(code: str, name: str = "") -> SafeString:
    """Return the badge of a source system; each has its own steady colour."""
    hue = _HUES.get(code, crc32(code.encode()) % 360)
    return format_html('<span class="hub-system" style="--h:{}">{}</span>', hue, name or code)


@register.simple_tag
def state_badge(state: str, tone: str = "") -> SafeString:
    """Return the badge of a state or status; its tone follows from the word unless given."""
    words = str(state).replace("_", " ")
    return format_html(
        '<span class="hub-badge" data-tone="{}">{}</span>', tone or _TONE.get(state, "plain"), words
    )


@register.filter
def ago(moment: datetime | None) -> SafeString | str:
    """Return how long ago (or in how long) a moment is, with the exact time as tooltip."""
    if moment is None:
        return "–"
    seconds = (timezone.now() - moment).total_seconds()
    words = _span(abs(seconds))
    text = "just now" if abs(seconds) < 5 else f"{words} ago" if seconds > 0 else f"in {words}"
    here = timezone.localtime(moment)
    return format_html(
        '<time class="hub-nowrap" datetime="{}" title="{}">{}</time>',
        moment.isoformat(timespec="seconds"),
        f"{here:%Y-%m-%d %H:%M:%S %Z}",
        text,
    )


@register.simple_tag
def ledger_value(content: Any) -> SafeString:
    """Return a field of a target as text: lists and objects as JSON, nothing as a dash."""
    if content is None or content == "":
        return format_html('<span class="hub-mute">{}</span>', "–")
    if isinstance(content, str | int | float) and not isinstance(content, bool):
        return format_html("{}", content)
    return format_html(
        '<span class="hub-mono">{}</span>', json.dumps(content, ensure_ascii=False, default=str)
    )


@register.simple_tag
def lag(arrival: Any, since: datetime) -> str:
    """Return how long a version took to a target, from its own moment."""
    return duration(arrival.lag(since))


@register.filter
def duration(seconds: float | None) -> str:
    """Return seconds as "850 ms", "12 s", "3 min", "5 h" or "2 d"."""
    return "–" if seconds is None else _span(seconds)


def _span(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


@register.filter
def pretty_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True, default=str)


@register.filter
def lookup(mapping: dict[str, Any], key: str) -> Any:
    """Return mapping[key], or None."""
    return mapping.get(key) if mapping else None


@register.filter
def words(name: str) -> str:
    """Return a code name as words: "legal_name" as "legal name"; a target's CODE_OF_ITS_OWN stays as it is."""
    text = str(name)
    return text if text.isupper() else text.replace("_", " ")


@register.simple_tag(takes_context=True)
def with_query(context: dict[str, Any], **changes: Any) -> str:
    """Return the query string of this page with parameters changed; None takes one out."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = value
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def edge_query(context: dict[str, Any], side: str, edge: Any) -> str:
    """Return the query string of the neighbouring page: `side` is after or before, `edge` the record there."""
    query = context["request"].GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    query[side] = f"{edge.updated_at.isoformat()}|{edge.id}"
    return f"?{query.urlencode()}"


@register.simple_tag
def value(shown: Any) -> SafeString:
    """Return a `values.Shown`: a link for a reference, a dash for nothing, the mask for what is hidden."""
    if not shown or not shown.text:
        return format_html('<span class="hub-mute">{}</span>', "–")
    if shown.hidden:
        return format_html('<span class="hub-mute" title="{}">{}</span>', shown.hint, shown.text)
    if shown.link:
        return format_html(
            '<a class="hub-link" href="{}" title="{}">{}</a>', shown.link, shown.hint, shown.text
        )
    return format_html("{}", shown.text)


@register.simple_tag
def meter(percent: float, tone: str = "") -> SafeString:
    """Return a small bar from 0 to 100 with its number; red below 50, amber below 80 unless `tone` is given."""
    shade = tone or ("bad" if percent < 50 else "warn" if percent < 80 else "good")
    return format_html(
        '<span class="hub-meter" data-tone="{}"><i style="width:{}%"></i></span>'
        ' <span class="hub-small">{}</span>',
        shade,
        round(percent),
        round(percent),
    )


@register.filter
def thousands(number: float) -> str:
    return f"{number:,}"


@register.filter
def grouped(amount: Any) -> str:
    """Return an amount, also as text, as "16,643,300.00"."""
    return grouped_amount(amount)


@register.filter
def split_words(text: str) -> list[str]:
    return text.split()


@register.filter
def lookup_id(mapping: dict[str, Any], key: Any) -> Any:
    """Return what a mapping by id text holds for an id."""
    return mapping.get(str(key))


@register.filter
def percent(share: float) -> str:
    """Return 0.9731 as "97.3%"; what rounds to 100 but is less says so."""
    text = f"{share * 100:.1f}%"
    return "> 99.9%" if text == "100.0%" and share < 1 else text


@register.filter
def took(attempt: Any) -> str:
    """Return how long something with `started_at` and an end took."""
    end = getattr(attempt, "ended_at", None) or getattr(attempt, "finished_at", None)
    return _span((end - attempt.started_at).total_seconds()) if end else "–"


@register.simple_tag
def segments(pieces: Any, kind: str) -> SafeString:
    """Return one side of a `differences.Compared`, what differs marked, what is only there as well."""
    if not pieces:
        return format_html('<span class="hub-mute">{}</span>', "–")
    if kind in ("left", "right"):
        return format_html_join("", '<span class="hub-only">{}</span>', ((text,) for _, text in pieces))
    return format_html_join("", "{}", ((format_html("<mark>{}</mark>", t) if d else t,) for d, t in pieces))


@register.filter
def sides(comparison: Any) -> tuple[Any, Any]:
    return comparison.left, comparison.right


@register.filter
def unlocalized(number: float) -> str:
    """Return a number for CSS, whatever the language of the page."""
    return f"{number:.2f}"


@register.simple_tag(takes_context=True)
def due_query(context: dict[str, Any], edge: Any) -> str:
    """Return the query string of the page after a change request."""
    query = context["request"].GET.copy()
    query["after"] = f"{edge.due_at.isoformat()}|{edge.pk}"
    return f"?{query.urlencode()}"
