"""The match suite of the bench command: one labelled folder, many, or invented customers; with peers if asked."""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mdm.bench.customers import write_customers
from mdm.bench.labelled import labelled_folders
from mdm.bench.match import run_set
from mdm.bench.peers import find_peers
from mdm.bench.side_by_side import as_table, compare, run_apart, write_table
from mdm.local.paths import ROOT

TABLE = ROOT / "docs/benchmarks.md"


@dataclass(frozen=True, slots=True)
class MatchOptions:
    """What to match: `single` folder, all folders below `parent`, invented customers of these `sizes`."""

    single: Path | None = None
    parent: Path | None = None
    sizes: Sequence[int] = ()
    peers: Path | None = None
    pythons: dict[str, Path] = field(default_factory=dict)
    environments: Path | None = None
    timeout: float = 3600.0
    table: Path = TABLE
    command: str = "python3 manage.py bench match"

    def __bool__(self) -> bool:
        return bool(self.single or self.parent or self.sizes)


def add_match_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--set", type=Path, metavar="DIR", help="match: one labelled folder")
    parser.add_argument("--data", type=Path, metavar="DIR", help="match: a folder of labelled folders")
    parser.add_argument(
        "--peers", type=Path, metavar="DIR", help="match: run the peers' scripts run_NAME.py of DIR as well"
    )
    parser.add_argument(
        "--peer-env",
        action="append",
        default=[],
        type=_named_python,
        metavar="NAME=PYTHON",
        help="match: interpreter of one peer",
    )
    parser.add_argument(
        "--peer-envs", type=Path, metavar="DIR", help="match: virtual environments NAME or anything-NAME"
    )
    parser.add_argument("--peer-timeout", type=float, default=3600.0, metavar="SECONDS")
    parser.add_argument(
        "--table", type=Path, default=TABLE, metavar="FILE", help="match --peers: the document with the table"
    )


def _named_python(text: str) -> tuple[str, Path]:
    name, equals, python = text.partition("=")
    if not (name and equals and python):
        raise argparse.ArgumentTypeError("write NAME=PYTHON, for example splink=/opt/splink/bin/python")
    return name, Path(python)


def match_options(options: dict[str, Any]) -> MatchOptions:
    command = ["python3 manage.py bench match"]
    command += [f"--rows {rows}" for rows in options["rows"] or ()]
    command += ["--set FOLDER"] if options["set"] else []
    command += ["--data FOLDER"] if options["data"] else []
    command += ["--peers SCRIPTS --peer-envs ENVIRONMENTS"] if options["peers"] else []
    return MatchOptions(
        single=options["set"],
        parent=options["data"],
        sizes=tuple(options["rows"] or ()),
        peers=options["peers"],
        pythons=dict(options["peer_env"]),
        environments=options["peer_envs"],
        timeout=options["peer_timeout"],
        table=options["table"],
        command=" ".join(command),
    )


def run_match(options: MatchOptions, out: Callable[[str], None], report: Callable[[str], None]) -> None:
    """Write one line of JSON per measurement; with peers also the table of the documentation.

    Several sizes of invented customers get `growth`: CPU per record against the first size.
    """
    if options.single and not (options.parent or options.sizes or options.peers):
        out(json.dumps(run_set(options.single)))
        return
    with _folders(options, report) as folders:
        if options.peers is None:
            for line in _with_growth(run_apart(folder) for folder in folders):
                out(json.dumps(line))
            return
        peers = find_peers(options.peers, options.pythons, options.environments, report)
        lines = compare(folders, peers, timeout=options.timeout, report=report, each=out)
    write_table(options.table, as_table(lines, options.command))
    report(f"the table is in {options.table}")


def _with_growth(lines: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    first: float | None = None
    for line in lines:
        if not str(line["set"]).startswith("synth_customers_"):
            yield line
            continue
        per_record = line["cpu_seconds"] / max(line["records"], 1)
        if first is None:
            first = per_record
            yield line
        else:
            yield {**line, "growth": round(per_record / max(first, 1e-9), 3)}


@contextmanager
def _folders(options: MatchOptions, report: Callable[[str], None]) -> Iterator[list[Path]]:
    folders = [options.single] if options.single else []
    folders += labelled_folders(options.parent) if options.parent else []
    with tempfile.TemporaryDirectory(prefix="bench-match-") as place:
        for rows in options.sizes:
            report(f"inventing {rows:,} customers")
            folders.append(write_customers(Path(place), rows))
        yield folders
