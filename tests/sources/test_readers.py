"""Bad input costs its own row and no other: exact problems for each kind."""

import json
import tracemalloc
from pathlib import Path
from zipfile import ZipFile

import pytest
from openpyxl import Workbook

from apps.sources.contracts import Row
from apps.sources.readers import UnreadableFile, readers


def read(path: Path, encoding: str = "utf-8") -> list[Row]:
    return list(readers.get(path.suffix[1:])(path, encoding))


def codes(rows: list[Row]) -> list[str]:
    return [row.problem.code if row.problem else "" for row in rows]


def csv_file(folder: Path, content: bytes) -> Path:
    path = folder / "rows.csv"
    path.write_bytes(content)
    return path


def test_rows_are_numbered_as_a_spreadsheet_shows_them(tmp_path: Path) -> None:
    rows = read(csv_file(tmp_path, b"Id,Name\n1,Acme\n2,Bolt\n"))
    assert [(row.number, row.data) for row in rows] == [
        (2, {"Id": "1", "Name": "Acme"}),
        (3, {"Id": "2", "Name": "Bolt"}),
    ]


@pytest.mark.parametrize("blank", [b"", b"   ", b" " * 40, b"\t" * 40])
def test_blank_lines_are_no_rows(tmp_path: Path, blank: bytes) -> None:
    rows = read(csv_file(tmp_path, b"Id\tName\n1\tAcme\n" + blank + b"\n2\tBolt\n"))
    assert [row.number for row in rows] == [2, 4]


@pytest.mark.parametrize("bom", [b"\xef\xbb\xbf", b""])
def test_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path, bom: bytes) -> None:
    rows = read(csv_file(tmp_path, bom + "Id,Name\n1,Žluťák\n".encode()))
    assert rows[0].data == {"Id": "1", "Name": "Žluťák"}


def test_utf_16_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    rows = read(csv_file(tmp_path, b"\xff\xfe" + "Id,Name\n1,Größe\n2,x\n".encode("utf-16-le")))
    assert [row.data["Name"] for row in rows] == ["Größe", "x"]


def test_wrong_encoding_costs_its_own_row(tmp_path: Path) -> None:
    rows = read(csv_file(tmp_path, b"Id,Name\n1,Caf\xe9\n2,Bolt\n"))
    assert codes(rows) == ["wrong_encoding", ""]
    assert "0xE9" in rows[0].problem.reason
    assert rows[0].data == {"line": "1,Café"}


def test_the_said_encoding_is_used(tmp_path: Path) -> None:
    rows = read(csv_file(tmp_path, b"Id,Name\n1,\xa35\n"), "cp1252")
    assert rows[0].data["Name"] == "£5"


def test_nul_is_a_problem_and_the_rest_goes_on(tmp_path: Path) -> None:
    rows = read(csv_file(tmp_path, b"Id,Name\n1,Ac\x00me\n2,Bolt\n"))
    assert codes(rows) == ["nul_character", ""]
    assert rows[0].problem.column == "Name"
    assert rows[0].data["Name"] == "Ac␀me"


def test_unclosed_quote_costs_its_own_row(tmp_path: Path) -> None:
    rows = read(csv_file(tmp_path, b'Id,Name\n1,"Acme\n2,Bolt\n3,Cask\n'))
    assert codes(rows) == ["unclosed_quote", "", ""]
    assert [row.number for row in rows] == [2, 3, 4]
    assert rows[0].data == {"line": '1,"Acme'}


def test_line_breaks_inside_quotes_are_values(tmp_path: Path) -> None:
    rows = read(csv_file(tmp_path, b'Id,Street\n1,"One ""A"" Square\nFloor 2"\n2,x\n'))
    assert rows[0].data["Street"] == 'One "A" Square\nFloor 2'
    assert [row.number for row in rows] == [2, 4]


def test_second_column_of_a_name_is_kept_under_a_name_of_its_own(tmp_path: Path) -> None:
    rows = read(csv_file(tmp_path, b"Id,Name,Name,\n1,Acme,Bolt,x\n"))
    assert rows[0].data == {"Id": "1", "Name": "Acme", "Name (2)": "Bolt", "column 4": "x"}


@pytest.mark.parametrize("line", [b"1\n", b"1,Acme,too much\n"])
def test_wrong_number_of_cells_is_a_problem(tmp_path: Path, line: bytes) -> None:
    rows = read(csv_file(tmp_path, b"Id,Name\n" + line + b"2,Bolt\n"))
    assert codes(rows) == ["wrong_cell_count", ""]


def test_huge_cell_is_a_problem_and_memory_stays_bounded(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    with path.open("wb") as stream:
        stream.write(b"Id,Name\n1," + b"x" * 10_000_000 + b"\n")
        for number in range(5_000):
            stream.write(b"%d,Bolt of an ordinary length\n" % number)
    tracemalloc.start()
    found = [row.problem.code for row in readers.get("csv")(path, "utf-8") if row.problem]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == ["value_too_long"]
    assert peak < 100_000_000  # ten copies of the cell at the worst, whatever the length of the file


def test_semicolons_and_tabs_are_delimiters_too(tmp_path: Path) -> None:
    assert read(csv_file(tmp_path, b"Id;Name\n1;Acme, Inc\n"))[0].data == {"Id": "1", "Name": "Acme, Inc"}
    assert read(csv_file(tmp_path, b"Id\tName\n1\tAcme\n"))[0].data == {"Id": "1", "Name": "Acme"}


def test_empty_file_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="header line"):
        read(csv_file(tmp_path, b""))


def test_bad_json_line_costs_its_own_row(tmp_path: Path) -> None:
    path = tmp_path / "rows.ndjson"
    path.write_bytes(b'{"Id": "1"}\n{"Id": \n[1]\n{"Id": "a\\u0000b"}\n\n{"Id": "2"}\n')
    rows = read(path)
    assert codes(rows) == ["", "bad_json", "not_an_object", "nul_character", ""]
    assert [row.number for row in rows] == [1, 2, 3, 4, 6]
    assert rows[3].data == {"Id": "a␀b"}


def test_json_array_and_wrapped_array_are_streamed(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([{"Id": "1", "Amount": 12.5}, {"Id": "2", "Lines": [{"n": 1}]}]))
    assert [row.data for row in read(path)] == [
        {"Id": "1", "Amount": 12.5},
        {"Id": "2", "Lines": [{"n": 1}]},
    ]
    path.write_text(json.dumps({"count": 1, "items": [{"Id": "3"}]}))
    assert [row.data for row in read(path)] == [{"Id": "3"}]


def test_json_that_breaks_off_keeps_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text('[{"Id": "1"}, {"Id": ')
    rows = read(path)
    assert codes(rows) == ["", "bad_json"]


def workbook(folder: Path, rows: list[list[object]]) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    path = folder / "rows.xlsx"
    book.save(path)
    return path


def test_workbook_rows_and_formula_cells(tmp_path: Path) -> None:
    rows = read(workbook(tmp_path, [["Id", "Hours"], ["1", 8], ["2", "=B2*2"], [None, None], ["3", 7.5]]))
    assert codes(rows) == ["", "formula_cell", ""]
    assert [row.number for row in rows] == [2, 3, 5]
    assert rows[1].problem.column == "Hours"
    assert rows[2].data == {"Id": "3", "Hours": 7.5}


def test_what_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.xlsx"
    path.write_bytes(b"Id,Name\n1,Acme\n")
    with pytest.raises(UnreadableFile, match="no XLSX"):
        read(path)


def test_decompression_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workbook(tmp_path, [["Id"], ["1"]])
    monkeypatch.setattr("apps.sources.readers.workbook.MAX_UNPACKED", 100)
    with ZipFile(path) as archive:
        assert sum(entry.file_size for entry in archive.infolist()) > 100
    with pytest.raises(UnreadableFile, match="split it"):
        read(path)


def test_a_row_nested_too_deeply_is_one_bad_row(tmp_path: Path) -> None:
    deep = "[" * 300 + "]" * 300
    just = "[" * 99 + "]" * 99
    path = tmp_path / "deep.ndjson"
    lines = [
        '{"id": 1}',
        f'{{"id": 2, "deep": {deep}}}',
        f'{{"id": 3, "deep": {just}}}',
        f'{{"id": 4, "deep": [{just}]}}',
    ]
    path.write_text("\n".join(lines))
    rows = read(path)
    assert codes(rows) == ["", "too_deep", "", "too_deep"]
    assert rows[1].data == {"id": 2, "deep": "…"}
