"""Load folders of extracts as a person would: find each file's layout, land it, run the pipeline, show progress."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from fnmatch import fnmatch
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from apps.connectors.selectors import active_layouts
from apps.core.errors import HubError
from apps.pipeline.contracts import BatchReport
from apps.pipeline.services import run_pending
from apps.sources.contracts import Counts, Mode
from apps.sources.readers import readers
from apps.sources.selectors import pending_counts
from apps.sources.services import LoadFailed, land_extract


def files_with_layouts(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield every file below a folder that an active layout claims, in the layouts' order, then by name."""
    known = set(readers.names())
    files = sorted(
        path for path in folder.rglob("*") if path.is_file() and path.suffix.lstrip(".").lower() in known
    )
    for name, layout in active_layouts().items():
        for path in files:
            place = f"{path.parent.name}/{path.name}"
            if any(fnmatch(place, pattern) for pattern in layout.files):
                yield path, name


def land_files(
    files: Sequence[tuple[Path, str]], *, mode: Mode, encoding: str, console: Console
) -> dict[str, Counts]:
    """Land files with a progress bar each; a file that cannot be read is reported and the next one goes on."""
    totals: dict[str, Counts] = {}
    columns = (
        TextColumn("{task.description:<36}"),
        BarColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        for path, layout in files:
            task = progress.add_task(f"{path.parent.name}/{path.name}", total=None, note="")
            counts = totals.setdefault(layout, Counts())
            try:
                for _, landed in land_extract(path=path, layout_name=layout, mode=mode, encoding=encoding):
                    counts.add(landed.counts)
                    progress.update(task, note=f"{counts.rows:,} rows, {counts.rejected:,} rejected")
            except LoadFailed as failure:
                console.print(f"[red]{failure}[/red]")
            progress.update(task, total=1, completed=1)
    return totals


def run_with_progress(console: Console) -> BatchReport:
    """Run the pipeline until nothing waits, with a bar over the records that were waiting at the start."""
    waiting = sum(pending_counts().values())
    columns = (TextColumn("{task.description:<36}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("source records to golden records", total=waiting)

        def advance(report: BatchReport) -> None:
            left = sum(pending_counts().values())
            done = progress.tasks[task].completed + report.records
            progress.update(task, completed=done, total=done + left)

        return run_pending(progress=advance)


def show_counts(totals: dict[str, Counts], report: BatchReport, console: Console) -> None:
    """Print what was read, what became of it and why rows were kept aside."""
    for layout, counts in totals.items():
        parts = [f"{value:,} {name}" for name, value in asdict(counts).items() if value]
        console.print(f"  {layout:<28} {', '.join(parts) or 'nothing'}")
    parts = [f"{value:,} {name}" for name, value in asdict(report).items() if value]
    console.print(f"  {'pipeline':<28} {', '.join(parts) or 'nothing was pending'}")


class NothingToLoad(HubError):
    code = "nothing_to_load"
    title = "No file of the folder fits the file patterns of an active layout"


def load_folder(folder: Path, console: Console, *, mode: Mode = "full", encoding: str = "utf-8") -> None:
    """Land every extract of a folder, run the pipeline and print what became of it. Raises NothingToLoad."""
    files = list(files_with_layouts(folder))
    if not files:
        raise NothingToLoad(
            f"{folder}: name files as the active layouts expect them, e.g. salesforce/accounts.csv."
        )
    totals = land_files(files, mode=mode, encoding=encoding, console=console)
    show_counts(totals, run_with_progress(console), console)
