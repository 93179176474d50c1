"""Inbound layouts: how one row of an extract or API object becomes canonical source records."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.connectors.mappings.blocks import (
    Block,
    Empty,
    FieldReader,
    Items,
    Row,
    add_totals,
    items_of,
    map_item,
    read_key,
)
from apps.connectors.mappings.conditions import Condition, compile_condition
from apps.connectors.mappings.documents import MappingDocumentError, read_document
from apps.connectors.mappings.paths import ROW_NUMBER, compile_getter
from apps.connectors.mappings.records import MappedRecord, Mode
from apps.connectors.mappings.schema import LAYOUT
from apps.connectors.mappings.values import Scope, compile_value


@dataclass(frozen=True, slots=True)
class Layout:
    """A compiled layout; `columns_used` are the columns it reads, the rest of a row is kept as raw only.

    `files` are patterns such as `salesforce/accounts.csv` of the files that have this layout.
    """

    name: str
    system: str
    checksum: str
    columns_used: frozenset[str]
    blocks: tuple[Block, ...]
    skips: tuple[tuple[Condition, str], ...] = ()
    files: tuple[str, ...] = ()

    @property
    def entities(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(block.entity for block in self.blocks))

    @property
    def uses_row_number(self) -> bool:
        """True when rows must carry their number in the file under `$row`."""
        return ROW_NUMBER in self.columns_used

    @property
    def one_record_a_row(self) -> bool:
        """True when the bytes of a row tell the whole of what a record has from it, and no other row adds to that."""
        [first, *others] = self.blocks
        whole = first.each is None and first.mode == "record" and not first.collect
        return whole and not others and not self.uses_row_number

    @property
    def collects(self) -> bool:
        """True when records of several rows with one key must go through `combine`."""
        return any(block.collect for block in self.blocks)

    def skip_reason(self, row: Row) -> str | None:
        """Return why this row holds no record of interest (a blank line, a total), else None."""
        return next((reason for condition, reason in self.skips if condition(row, row)), None)

    def keys(self, row: Row) -> list[tuple[int, str]]:
        """Return (index in `map(row)`, key) of each record of the row, without mapping it."""
        if self.skips and self.skip_reason(row):
            return []
        keys = [read_key(block, item, row)[0] for block in self.blocks for item in items_of(block, row)]
        return list(enumerate(keys))

    def keyed(self, row: Row) -> list[tuple[str, str]]:
        """Return (entity, key) of each record of the row, in the order of `map`, without mapping it."""
        if self.skips and self.skip_reason(row):
            return []
        return [
            (block.entity, read_key(block, item, row)[0])
            for block in self.blocks
            for item in items_of(block, row)
        ]

    def attributes_of(self, record: MappedRecord) -> frozenset[str]:
        """Return the attributes and collections that the record's block can fill."""
        block = self.blocks[record.block]
        names = {name for name, _, _ in block.fields} | {name for name, _ in block.collections}
        return frozenset(names | {name for name, _, _ in block.totals})

    def says_deleted(self, record: MappedRecord, row: Row) -> bool:
        """Tell whether a row says if the record is deleted; a patch that is silent leaves that as it is."""
        block = self.blocks[record.block]
        return block.each is not None or any(name in row for name in block.deleted_by)

    def add_totals(self, record: MappedRecord, values: dict[str, Any]) -> None:
        """Set the attributes that are sums over collected items, once the items of all rows are there."""
        add_totals(self.blocks[record.block], values)

    def map(self, row: Row, *, empty: Empty | None = None) -> list[MappedRecord]:
        """Return the row's records; faulty cells become errors of their record, nothing is raised.

        `empty` overrides what an empty cell means (null: cleared, absent: not said).
        """
        if self.skips and self.skip_reason(row):
            return []
        return [
            map_item(self.system, block, item, row, empty or block.empty)
            for block in self.blocks
            for item in items_of(block, row)
        ]

    def combine(self, records: Sequence[MappedRecord]) -> MappedRecord:
        """Merge records of one block and key, oldest first: later values win, collected items add up."""
        first, last = records[0], records[-1]
        block = self.blocks[last.block]
        values: dict[str, Any] = {}
        for record in records:
            for name, value in record.values.items():
                if name in block.collect and isinstance(value, list):
                    values[name] = [*values.get(name, ()), *value]
                else:
                    values[name] = value
        add_totals(block, values)
        errors = tuple(dict.fromkeys(error for record in records for error in record.errors))
        versions = [record.source_version for record in records if record.source_version is not None]
        return MappedRecord(
            entity=first.entity, key=first.key, source_version=max(versions, default=None), values=values,
            mode=first.mode, deleted=last.deleted, errors=errors, system=first.system, block=first.block,
            collect=first.collect,
        )  # fmt: skip


def compile_layout(text: str) -> Layout:
    """Compile a layout document; raise MappingDocumentError that says where it is wrong and what to write."""
    document = read_document(text, LAYOUT)
    scope = Scope(system=document["system"])
    skips = tuple(
        (compile_condition(skip["when"], f"skip[{i}].when", scope.used), skip["reason"])
        for i, skip in enumerate(document.get("skip", []))
    )
    used = {name.split(".")[0].split("[")[0] for name in scope.used} | scope.used
    blocks = []
    for index, spec in enumerate(document["records"]):
        inner = Scope(system=document["system"])
        blocks.append(_compile_block(index, spec, document.get("empty"), inner))
        names = inner.used
        if "each" in spec:
            names = {spec["each"]}  # what an item holds belongs to the list's column
            _note_root_columns(spec, names)
        used |= names | {name.split(".")[0].split("[")[0] for name in names}
    return Layout(
        name=document["layout"],
        system=document["system"],
        checksum=hashlib.sha256(text.encode()).hexdigest(),
        columns_used=frozenset(used),
        blocks=tuple(blocks),
        skips=skips,
        files=tuple(document.get("files", ())),
    )


def _note_root_columns(spec: Any, names: set[str]) -> None:
    if isinstance(spec, str) and spec.startswith("$root."):
        names.add(spec.removeprefix("$root."))
    if spec == ROW_NUMBER:
        names.add(ROW_NUMBER)
    for part in spec.values() if isinstance(spec, dict) else spec if isinstance(spec, list) else ():
        _note_root_columns(part, names)


def _compile_block(index: int, spec: dict[str, Any], empty: Empty | None, scope: Scope) -> Block:
    where = f"records[{index}]"
    mode: Mode = spec.get("mode", "record")
    key_spec = spec["key"]
    if isinstance(key_spec, dict) and "concat" in key_spec:
        key_spec = {"strict": True, **key_spec}
    collections = tuple(
        (name, _compile_collection(items, f"{where}.collections.{name}", scope))
        for name, items in spec.get("collections", {}).items()
    )
    names = {name for name, _ in collections}
    for name in spec.get("collect", []):
        if name not in names:
            raise MappingDocumentError(
                f"{where}.collect", f"{name!r} is none of the collections {sorted(names)}."
            )
    version = spec.get("source_version")
    return Block(
        index=index,
        entity=spec["entity"],
        each=compile_getter(spec["each"], f"{where}.each")[0] if "each" in spec else None,
        when=_condition(spec.get("when"), f"{where}.when", scope.used),
        key=compile_value(key_spec, f"{where}.key", scope),
        source_version=compile_value(version, f"{where}.source_version", scope) if version else None,
        deleted=_condition(spec.get("deleted"), f"{where}.deleted", scope.used),
        deleted_by=_columns_of(spec.get("deleted"), f"{where}.deleted"),
        mode=mode,
        empty=spec.get("empty") or empty or ("null" if mode == "record" else "absent"),
        collect=tuple(spec.get("collect", [])),
        totals=tuple((name, *path.split(".", 1)) for name, path in spec.get("totals", {}).items()),
        fields=_compile_fields(spec["fields"], f"{where}.fields", scope),
        collections=collections,
    )


def _condition(spec: Any, where: str, used: set[str]) -> Condition | None:
    return None if spec is None else compile_condition(spec, where, used)


def _columns_of(spec: Any, where: str) -> frozenset[str]:
    used: set[str] = set()
    _condition(spec, where, used)
    return frozenset(name.removeprefix("$root.").split(".")[0].split("[")[0] for name in used)


def _compile_fields(spec: dict[str, Any], where: str, scope: Scope) -> tuple[FieldReader, ...]:
    compiled = ((name, compile_value(value, f"{where}.{name}", scope)) for name, value in spec.items())
    return tuple((name, value.read, value.column) for name, value in compiled)


def _compile_collection(spec: Any, where: str, scope: Scope) -> tuple[Items, ...]:
    sources = [{"fields": entry} for entry in spec] if isinstance(spec, list) else [spec]
    return tuple(_compile_items(source, f"{where}[{i}]", scope) for i, source in enumerate(sources))


def _compile_items(source: dict[str, Any], where: str, scope: Scope) -> Items:
    inner = Scope(scope.system) if "each" in source else scope
    items = Items(
        each=compile_value(source["each"], f"{where}.each", scope).read if "each" in source else None,
        when=_condition(source.get("when"), where, inner.used),
        fields=_compile_fields(source["fields"], where, inner),
        constants=frozenset(name for name, value in source["fields"].items() if _says_nothing(value)),
    )
    if "each" in source:
        _note_root_columns(source, scope.used)
    return items


def _says_nothing(value: Any) -> bool:
    """Tell whether a value is there even when the row is silent, so that it alone makes no item."""
    if not isinstance(value, dict):
        return False
    branches = [branch.get("then", branch.get("else")) for branch in value.get("case", ())]
    return "const" in value or "default" in value or (bool(branches) and all(map(_says_nothing, branches)))
