"""Clean values out of prepared records and back, so that they can be kept beside the records."""

from collections.abc import Sequence

from .columns import Column, encode
from .contracts import Cell
from .prepare import Prepared


def clean_cells(prepared: Prepared) -> list[list[Cell]]:
    """Per record, per attribute in the order of the columns: None, one clean value, or several."""
    columns = []
    for column in prepared.columns.values():
        cells: list[Cell] = [None] * prepared.n
        for row, code in zip(column.rows.tolist(), column.codes.tolist(), strict=True):
            value, before = column.values[code], cells[row]
            cells[row] = value if before is None else [*_listed(before), value]
        columns.append(cells)
    return [list(cells) for cells in zip(*columns, strict=True)] if columns else [[]] * prepared.n


def prepared_of(names: Sequence[str], records: Sequence[Sequence[Cell]]) -> Prepared:
    """The prepared records that `clean_cells` gave; `names` are the attributes in the same order.

    Nothing is cleaned again: comparing these gives what comparing the originals gave.
    """
    columns = {}
    for at, name in enumerate(names):
        columns[name] = Column(len(records), *encode([cells[at] for cells in records]))
    return Prepared(len(records), columns)


def _listed(cell: Cell) -> Sequence[str]:
    return (cell,) if isinstance(cell, str) else cell or ()
