"""Runs other matching software on labelled folders, each in its own environment; their settings live elsewhere."""

import json
import os
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OURS_OF = {
    "precision": "precision", "recall": "recall", "f1": "f1", "best_f1": "best_f1",
    "clus_pair_f1": "cluster_f1", "b3_f1": "b3", "pairs_scored": "pairs_compared", "cpu": "cpu_seconds",
    "rss_mb": "peak_memory_mb",
}  # fmt: skip
"""Figure of a peer's script -> our word for it."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A script that measures one peer on one labelled folder, and the interpreter it needs."""

    name: str
    script: Path
    python: Path

    def run(self, folder: Path, timeout: float) -> dict[str, Any] | str:
        """Return its figures by our names, or why there are none.

        The script gets the folder's name; MATCH_DATA names the folder above. It prints one line of JSON.
        """
        environment = {
            **os.environ,
            "MATCH_DATA": f"{folder.absolute().parent}/",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [str(self.python), str(self.script.absolute()), folder.absolute().name]
        try:
            done = subprocess.run(
                command, env=environment, cwd=folder, capture_output=True, text=True, timeout=timeout
            )
        except subprocess.TimeoutExpired:
            return f"not done after {timeout:g} s"
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        if done.returncode or not lines:
            complaint = done.stderr.strip().splitlines() or ["no figures"]
            return complaint[-1][:120]
        figures = json.loads(lines[-1])
        return {ours: figures[theirs] for theirs, ours in OURS_OF.items() if theirs in figures}


def find_peers(
    scripts: Path,
    pythons: Mapping[str, Path],
    environments: Path | None,
    report: Callable[[str], None],
) -> list[Peer]:
    """Peers with a `run_NAME.py` below `scripts` and an interpreter; what is left out is reported.

    The interpreter is `pythons[NAME]`, else bin/python of the virtual environment in `environments` whose
    folder is called NAME or ends in -NAME.
    """
    found = []
    for script in sorted(scripts.glob("run_*.py")):
        name = script.stem.removeprefix("run_")
        python = pythons.get(name) or _python_of(name, environments)
        if python is None or not python.exists():
            report(f"{name} is not there (no interpreter), left out")
            continue
        found.append(Peer(name, script, python))
    if not found:
        report(f"no peers in {scripts}")
    return found


def _python_of(name: str, environments: Path | None) -> Path | None:
    places: Iterable[Path] = ()
    if environments is not None:
        places = (environments / name, *sorted(environments.glob(f"*-{name}")))
    return next((place / "bin/python" for place in places if (place / "bin/python").exists()), None)
