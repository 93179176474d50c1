"""Shows figures as a table: value, goal, and whether it is met."""

from rich.console import Console
from rich.table import Table

from mdm.bench.figures import MEANINGS, Figures


def readable(value: float) -> str:
    """Three digits that count, thousands separated."""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def show(figures: Figures, console: Console) -> None:
    """Print every figure with its goal."""
    table = Table(title="Benchmarks: CPU time of process and PostgreSQL, medians of interleaved rounds")
    table.add_column("figure", no_wrap=True)
    table.add_column("value", justify="right")
    table.add_column("unit")
    table.add_column("goal", justify="right")
    table.add_column("", no_wrap=True)
    table.add_column("what it is", no_wrap=True)
    suite = ""
    for name, meaning in MEANINGS.items():
        if name not in figures:
            continue
        if suite and suite != name.partition(".")[0]:
            table.add_section()
        suite = name.partition(".")[0]
        verdict = ""
        if meaning.goal:
            verdict = "[green]met[/green]" if meaning.goal.met(figures[name]) else "[red]missed[/red]"
        goal = str(meaning.goal or "")
        table.add_row(name, readable(figures[name]), meaning.unit, goal, verdict, meaning.text)
    console.print(table)
