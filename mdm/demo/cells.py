"""Reading and setting one cell of an extract's row by the name of its column."""

from typing import Any

from mdm.demo import certinia, netsuite_work, salesforce, staff
from mdm.demo.batch import TRUTH_COLUMNS, Row

COLUMNS = {
    **salesforce.COLUMNS,
    **netsuite_work.COLUMNS,
    **certinia.COLUMNS,
    **staff.COLUMNS,
    **TRUTH_COLUMNS,
}


def put(file: str, row: Row, column: str, value: Any) -> None:
    """Sets a cell; ValueError when the file has no such column."""
    if isinstance(row, dict):
        row[column] = value
    else:
        row[COLUMNS[file].index(column)] = value


def cell(file: str, row: Row, column: str) -> Any:
    """The value of a cell."""
    return row[column] if isinstance(row, dict) else row[COLUMNS[file].index(column)]


def key_of(row: Row) -> str:
    """The key of a row: its Id, id or first cell."""
    return str(row.get("Id", row.get("id")) if isinstance(row, dict) else row[0])
