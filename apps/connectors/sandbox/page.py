"""The page of a sandbox system: what it holds, what happened last, which faults are armed."""

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from apps.connectors.sandbox.schema import ObjectType
from apps.connectors.sandbox.store import Effect, Row

if TYPE_CHECKING:
    from apps.connectors.sandbox.system import SandboxSystem

_SHOWN = 100
_LATEST = 40
_STYLE = """
:root{color-scheme:light dark;--ink:#1a2233;--soft:#5b6578;--line:#e3e7ee;--card:#fff;--page:#f5f7fa;
--tint:#2f6fed;--ok:#0f8a5f;--warn:#b45309}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf2;--soft:#98a2b6;--line:#2a3245;--card:#171d2a;
--page:#0f141e;--tint:#7aa5ff;--ok:#4ad6a0;--warn:#f0b35a}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:14px/1.5 system-ui,sans-serif}
header{background:var(--card);border-bottom:1px solid var(--line);padding:18px 28px}
h1{margin:0;font-size:19px}header a{color:var(--tint)}header p{margin:4px 0 0;color:var(--soft)}
main{padding:22px 28px;max-width:1440px;margin:auto}h2{font-size:15px;margin:26px 0 10px}
.cards{display:flex;gap:14px;flex-wrap:wrap}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 18px;min-width:170px;
text-decoration:none;color:inherit}
.card:hover,.card.on{border-color:var(--tint)}.card b{display:block;font-size:26px;line-height:1.2}
.card span{color:var(--soft)}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:10px}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:8px 14px;border-bottom:1px solid var(--line);white-space:nowrap}
td.wide{white-space:normal;color:var(--soft)}tr:last-child td{border-bottom:0}
th{color:var(--soft);font-weight:600;font-size:12px}code{font:12px ui-monospace,monospace}
.verb{border-radius:99px;padding:2px 9px;font-size:12px;border:1px solid currentColor}
.created{color:var(--ok)}.updated{color:var(--tint)}.unchanged{color:var(--soft)}
.deleted,.fault{color:var(--warn)}.none{padding:22px;color:var(--soft)}
"""


def render_page(system: "SandboxSystem", query: Mapping[str, str]) -> str:
    """Return the page as HTML; `?object=` lists one object's records instead of the latest changes."""
    chosen = system.objects.get(query.get("object", ""))
    counts = system.store.counts()
    cards = "".join(_card(kind, counts.get(kind.name, 0), kind is chosen) for kind in system.objects.values())
    body = _records(system, chosen) if chosen else _latest(system)
    refresh = "" if chosen else '<meta http-equiv="refresh" content="5">'
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(system.title)}</title>'
        f'<meta name="viewport" content="width=device-width">{refresh}<style>{_STYLE}</style></head><body>'
        f"<header><h1>{escape(system.title)}</h1><p>Holds what the hub delivered. "
        '<a href="/">latest changes</a></p></header>'
        f'<main><div class="cards">{cards}</div>{_faults(system)}{body}</main></body></html>'
    )


def _card(kind: ObjectType, count: int, chosen: bool) -> str:
    mark = " on" if chosen else ""
    return (
        f'<a class="card{mark}" href="/?object={escape(kind.name)}"><span>{escape(kind.label)}</span>'
        f"<b>{count:,}</b><code>{escape(kind.name)}</code></a>"
    )


def _faults(system: "SandboxSystem") -> str:
    armed = system.faults.armed()
    if not armed:
        return ""
    rows = "".join(
        f'<tr><td><span class="verb fault">{escape(fault.kind)}</span></td><td>{escape(fault.obj or "any object")}</td>'
        f"<td>{escape(fault.ext_id or 'any record')}</td><td>{fault.times or 'until cleared'}</td></tr>"
        for fault in armed
    )
    return f"<h2>Armed faults</h2>{_table(('Fault', 'Object', 'Record', 'Times left'), rows)}"


def _latest(system: "SandboxSystem") -> str:
    effects = list(reversed(system.store.effects(last=_LATEST)))
    if not effects:
        return '<h2>Latest changes</h2><div class="scroll none">Nothing has arrived yet.</div>'
    rows = "".join(_effect(system, effect) for effect in effects)
    return f"<h2>Latest changes</h2>{_table(('Time', 'Object', 'Record', 'Name', 'Change', 'Fields'), rows)}"


def _effect(system: "SandboxSystem", effect: Effect) -> str:
    kind = system.objects.get(effect.obj)
    row = system.store.find(effect.obj, native_id=effect.native_id)
    name = str(row.body.get(kind.title) or "") if kind and row else ""
    time = effect.at[11:19]
    return (
        f"<tr><td>{time}</td><td>{escape(kind.label if kind else effect.obj)}</td>"
        f"<td><code>{escape(effect.ext_id or '')}"
        f'</code></td><td>{escape(name[:60])}</td><td><span class="verb {effect.verb}">{effect.verb}</span></td>'
        f'<td class="wide">{escape(", ".join(effect.changed))}</td></tr>'
    )


def _records(system: "SandboxSystem", kind: ObjectType) -> str:
    newest, count = system.store.newest(kind.name, _SHOWN), system.store.counts().get(kind.name, 0)
    fields = [
        field
        for field in kind.fields
        if not field.external_id and any(row.body.get(field.name) is not None for row in newest)
    ]
    lines = "".join(_record(row, [field.name for field in fields]) for row in newest)
    heads = ("Id", "External id", "Version", "Modified", *(field.name for field in fields))
    note = f" (newest {_SHOWN} of {count:,})" if count > _SHOWN else ""
    return f"<h2>{escape(kind.label)}{note}</h2>{_table(heads, lines)}"


def _record(row: Row, names: list[str]) -> str:
    cells = "".join(f"<td>{escape(_cell(row.body.get(name)))}</td>" for name in names)
    return (
        f"<tr><td><code>{escape(row.native_id)}</code></td><td><code>{escape(row.ext_id or '')}</code></td>"
        f"<td>{row.version}</td><td>{escape(row.modified_at[:19].replace('T', ' '))}</td>{cells}</tr>"
    )


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return f"{len(value.get('items', value))} items"
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _table(heads: tuple[str, ...], rows: str) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
