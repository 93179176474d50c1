"""Our matching and the peers' on the same folders in one run, and the table of it for the documentation."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from mdm.bench.figures import machine
from mdm.bench.peers import Peer
from mdm.local.paths import ROOT

OURS = "this hub"
BEGIN, END = "<!-- match: begin -->", "<!-- match: end -->"
QUALITY = ("precision", "recall", "f1", "best_f1", "cluster_f1", "b3")
HEADS = (
    "set",
    "engine",
    "precision",
    "recall",
    "F1",
    "best F1",
    "cluster F1",
    "B³",
    "CPU s",
    "peak MB",
    "pairs",
)
Line = dict[str, Any]


def run_apart(folder: Path) -> Line:
    """Measure ours in a process of its own: peak memory is a process's, and peers get theirs, too.

    Raises RuntimeError with the last words of a measurement that failed.
    """
    command = [sys.executable, str(ROOT / "manage.py"), "bench", "match", "--set", str(folder.absolute())]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{folder.name}: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
    line: Line = json.loads(done.stdout.splitlines()[-1])
    return line


def compare(
    folders: Iterable[Path],
    peers: Sequence[Peer],
    *,
    timeout: float,
    report: Callable[[str], None],
    each: Callable[[str], None],
) -> list[Line]:
    """One line per folder and engine, ours first, given to `each` as JSON; missing figures are reported."""
    lines = []
    for folder in folders:
        try:
            lines.append({**run_apart(folder), "engine": OURS})
        except RuntimeError as problem:
            report(str(problem))  # one folder that cannot be read must not lose hours of others
            continue
        each(json.dumps(lines[-1]))
        for peer in peers:
            figures = peer.run(folder, timeout)
            if isinstance(figures, str):
                report(f"{peer.name} on {folder.name}: {figures}")
                continue
            lines.append({"set": folder.name, "engine": peer.name, **figures})
            each(json.dumps(lines[-1]))
    return lines


def as_table(lines: Sequence[Line], command: str) -> str:
    """Markdown: the machine, the command, and a row per set and engine; the best of a set in bold."""
    where = machine()
    out = [
        "```",
        command,
        "```",
        "",
        f"{where['cpu']}, {where['cores']} cores, load average {where['load_average'][0]}, "  # type: ignore[index]  # machine() holds values of several types
        f"Python {where['python']}.",
        "",
        f"| {' | '.join(HEADS)} |",
        f"|{'---|' * len(HEADS)}",
    ]
    for line in lines:
        rivals = [other for other in lines if other["set"] == line["set"]]
        cells = [line["set"], line["engine"], *(_quality(name, line, rivals) for name in QUALITY)]
        cells += [_number(line.get("cpu_seconds")), _number(line.get("peak_memory_mb"))]
        out.append(f"| {' | '.join([*cells, _number(line.get('pairs_compared'))])} |")
    return "\n".join(out)


def _quality(name: str, line: Line, rivals: Sequence[Line]) -> str:
    if line.get(name) is None:
        return ""
    text = f"{line[name]:.3f}"
    best = max(other[name] for other in rivals if other.get(name) is not None)
    return f"**{text}**" if name in {"f1", "cluster_f1"} and line[name] == best else text


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,}"


def write_table(file: Path, table: str) -> None:
    """Put the table between the two marks of a document; what else it says stays.

    Raises ValueError if the marks are not there.
    """
    text = file.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{file} has no place for the table: add the lines {BEGIN} and {END}")
    file.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}")
