"""The figures of a benchmark: stable names, what they mean, and the goals some of them have."""

import operator
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LANDING_STAGES = ("find_keys", "read_stored", "map_rows", "write", "rest")
PIPELINE_STAGES = ("claim", "standardize", "match", "plan", "route", "apply", "finish", "merge", "rest")


@dataclass(frozen=True, slots=True)
class Goal:
    """`at` least ">=" or most "<=" a value."""

    at: str
    value: float

    def met(self, figure: float) -> bool:
        return bool({">=": operator.ge, "<=": operator.le}[self.at](figure, self.value))

    def __str__(self) -> str:
        return f"{self.at} {self.value:g}"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a figure tells."""

    unit: str
    text: str
    goal: Goal | None = None


def _least(value: float) -> Goal:
    return Goal(">=", value)


def _most(value: float) -> Goal:
    return Goal("<=", value)


LANDING: Mapping[str, Meaning] = {
    "landing.rows": Meaning("rows", "accounts in the extract"),
    "landing.copy.cpu_us": Meaning("µs/row", "COPY of the file into a table of text columns"),
    "landing.copy.rows_per_second": Meaning("rows/s", "the same by the clock"),
    "landing.first.cpu_us": Meaning("µs/row", "first load: read, map, store, history, references"),
    "landing.first.postgres_cpu_us": Meaning("µs/row", "of which PostgreSQL"),
    "landing.first.rows_per_second": Meaning("rows/s", "first load by the clock, one process"),
    "landing.first.wal_bytes": Meaning("B/row", "write-ahead log of the first load"),
    "landing.first.to_copy": Meaning("x", "CPU of the first load / COPY"),
    "landing.reload.cpu_us": Meaning("µs/row", "load of the same file again"),
    "landing.reload.rows_per_second": Meaning("rows/s", "the same by the clock"),
    "landing.reload.to_copy": Meaning("x", "CPU of the re-load / COPY"),
    "landing.reload.to_first": Meaning("x", "CPU of the re-load / first load", _most(0.1)),
    "landing.reload.wal_bytes": Meaning("B/row", "write-ahead log of the re-load", _most(1)),
    "landing.simple_history.cpu_us": Meaning("µs/row", "bulk_create_with_history of mapped rows"),
    "landing.simple_history.to_first": Meaning("x", "its CPU / first load", _least(15)),
    "landing.simple_history.to_write": Meaning("x", "its CPU / the write stage of the first load"),
    "landing.row_by_row.cpu_us": Meaning("µs/row", "update_or_create() with history of mapped rows"),
    "landing.row_by_row.to_first": Meaning("x", "its CPU / first load", _least(150)),
    "landing.row_by_row.to_write": Meaning("x", "its CPU / the write stage of the first load"),
    **{
        f"landing.share.{stage}": Meaning("of CPU", f"first load: {stage.replace('_', ' ')}")
        for stage in LANDING_STAGES
    },
}
PIPELINE: Mapping[str, Meaning] = {
    "pipeline.records": Meaning("records", "customer records of two systems"),
    "pipeline.golden": Meaning("records", "golden customers they became"),
    "pipeline.land.cpu_ms": Meaning("ms/record", "landing of both files"),
    "pipeline.master.cpu_ms": Meaning("ms/record", "standardize to outbox"),
    "pipeline.cpu_ms": Meaning("ms/record", "both"),
    "pipeline.postgres_cpu_ms": Meaning("ms/record", "of which PostgreSQL"),
    "pipeline.records_per_second": Meaning("records/s", "both by the clock, one process"),
    "pipeline.records_per_second_on_2_cores": Meaning("records/s", "2 / CPU per record", _least(1500)),
    "pipeline.small.cpu_ms": Meaning("ms/record", "both, for a tenth of the records"),
    "pipeline.growth": Meaning("x", "CPU per record, all / a tenth", _most(1.2)),
    "pipeline.posted.cpu_ms": Meaning("ms", "one more record, landed and mastered", _most(25)),
    "pipeline.peak_memory_mb": Meaning("MB", "of the process"),
    **{f"pipeline.share.{stage}": Meaning("of CPU", f"mastering: {stage}") for stage in PIPELINE_STAGES},
}
LOOKUP: Mapping[str, Meaning] = {
    "lookup.records": Meaning("records", "golden customers"),
    "lookup.raw_row.cpu_ms": Meaning("ms", "psycopg 3, prepared: row_to_json of the typed row by id"),
    "lookup.raw.by_id.cpu_ms": Meaning("ms", "psycopg 3, prepared: the API's whole document by id"),
    "lookup.raw.by_key.cpu_ms": Meaning("ms", "the same by system and key"),
    "lookup.by_id.cpu_ms": Meaning("ms", "GET by golden id, authenticated, rate limited, one web process"),
    "lookup.by_key.cpu_ms": Meaning("ms", "GET by system and key, the same"),
    "lookup.by_id.postgres_cpu_ms": Meaning("ms", "GET by golden id, of which PostgreSQL"),
    "lookup.by_id.of_raw": Meaning("x", "raw / GET, by golden id", _least(0.4)),
    "lookup.by_key.of_raw": Meaning("x", "raw / GET, by system and key", _least(0.4)),
    "lookup.by_id.of_raw_row": Meaning("x", "raw typed row / GET, by golden id"),
    "lookup.drf.cpu_ms": Meaning("ms", "tuned DRF ModelSerializer of the typed row, no authentication"),
    "lookup.drf.to_by_id": Meaning("x", "its CPU / GET by golden id", _least(10)),
}
MATCH_ONE: Mapping[str, Meaning] = {
    "match_one.records": Meaning("records", "golden customers there are"),
    "match_one.find.p50_ms": Meaning(
        "ms", "does such a record exist: standardize, prepare, look up, score", _most(5)
    ),
    "match_one.find.p99_ms": Meaning("ms", "the same, 99th of a hundred", _most(25)),
    "match_one.match.p50_ms": Meaning(
        "ms", "decide on a new record as the pipeline does, keys and pairs written"
    ),
    "match_one.match.p99_ms": Meaning("ms", "the same, 99th of a hundred", _most(25)),
    "match_one.fill.app_cpu_us": Meaning("µs/record", "filling the database, this process only"),
}
SIMULATED = {
    "ownership": "the order of owners turned around in every cell",
    "survivorship": "the newest value wins everywhere",
    "thresholds": "match rule with lower thresholds, all pairs compared",
    "weights": "match rule with other weights, all pairs compared",
}
SIMULATE: Mapping[str, Meaning] = {
    "simulate.golden": Meaning("records", "live golden customers of two systems"),
    **{
        f"simulate.{name}.{what}": meaning
        for name, text in SIMULATED.items()
        for what, meaning in (
            ("seconds", Meaning("s", f"{text}: by the clock", _most(120))),
            ("cpu_seconds", Meaning("s", "the same, CPU")),
            ("changed", Meaning("records", "golden records that would be others")),
        )
    },
    "simulate.peak_memory_mb": Meaning("MB", "of all its processes, loading included"),
}
READING: Mapping[str, Meaning] = {
    "reading.bulk.keys": Meaning("keys", "source keys of one request"),
    "reading.bulk.copy.cpu_ms": Meaning("ms", "COPY of the same join of the same keys"),
    "reading.bulk.cpu_ms": Meaning("ms", "POST lookup of the keys"),
    "reading.bulk.to_copy": Meaning("x", "its CPU / COPY", _most(1.2)),
    "reading.bulk.drf.cpu_ms": Meaning("ms", "tuned DRF many=True of the typed rows alone, by id"),
    "reading.bulk.drf_to_bulk": Meaning("x", "its CPU / POST lookup", _least(10)),
    "reading.delta.events": Meaning("events", "events of one page of the feed of changes"),
    "reading.delta.copy.cpu_ms": Meaning("ms", "COPY of the same events"),
    "reading.delta.cpu_ms": Meaning("ms", "GET changes, one page"),
    "reading.delta.to_copy": Meaning("x", "its CPU / COPY", _most(1.3)),
    "reading.export.records": Meaning("records", "golden customers of one export"),
    "reading.export.copy.cpu_us": Meaning("µs/record", "COPY of the same documents"),
    "reading.export.cpu_us": Meaning("µs/record", "GET customers/export, all as lines"),
    "reading.export.to_copy": Meaning("x", "its CPU / COPY", _most(1.15)),
}
DISTRIBUTION: Mapping[str, Meaning] = {
    "distribution.deliveries": Meaning("deliveries", "of customers to a target in this process"),
    "distribution.create.cpu_us": Meaning(
        "µs/delivery", "first version: claim, map, attempt, call, settle; 25 a call"
    ),
    "distribution.update.cpu_us": Meaning("µs/delivery", "second version, the same"),
    "distribution.update.postgres_cpu_us": Meaning("µs/delivery", "of which PostgreSQL"),
    "distribution.update.per_second": Meaning("deliveries/s", "the same by the clock, one process"),
    "distribution.update.per_second_on_2_cores": Meaning(
        "deliveries/s", "2 / CPU per delivery", _least(2000)
    ),
    "distribution.growth": Meaning("x", "CPU per delivery, all / a tenth", _most(1.2)),
    "distribution.single.cpu_us": Meaning("µs/delivery", "one record a call, eight calls at a time"),
    "distribution.commit_to_call.p50_ms": Meaning(
        "ms", "commit to start of the call, 50 changes/s", _most(50)
    ),
    "distribution.commit_to_call.p99_ms": Meaning("ms", "the same, 99th of a hundred", _most(500)),
    "distribution.beside_dead.p50_ms": Meaning("ms", "the same while another target answers nothing"),
    "distribution.beside_dead.p99_ms": Meaning("ms", "the same, 99th of a hundred"),
    "distribution.beside_dead.to_alone": Meaning(
        "x", "p99 beside a dead target / beside a live one, median of pairs of rounds", _most(1.05)
    ),
    "distribution.beside_dead.spread": Meaning(
        "x", "largest less smallest of these ratios: what noise makes"
    ),
}
SUITES: Mapping[str, Mapping[str, Meaning]] = {
    "landing": LANDING,
    "pipeline": PIPELINE,
    "lookup": LOOKUP,
    "reading": READING,
    "match-one": MATCH_ONE,
    "distribution": DISTRIBUTION,
    "simulate": SIMULATE,
}
MEANINGS = {**LANDING, **PIPELINE, **LOOKUP, **READING, **MATCH_ONE, **SIMULATE, **DISTRIBUTION}

Figures = dict[str, float]


def machine() -> dict[str, object]:
    """Return what the figures were measured on."""
    model = ""
    cpus = Path("/proc/cpuinfo")
    if cpus.exists():
        named = [line for line in cpus.read_text().splitlines() if line.startswith("model name")]
        model = named[0].partition(":")[2].strip() if named else ""
    return {
        "cpu": model or platform.processor(),
        "cores": os.cpu_count(),
        "load_average": [round(value, 1) for value in os.getloadavg()],
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def as_document(figures: Figures, *, rows: int, postgres: str) -> dict[str, object]:
    """Return what `--json` writes: figures by name, and of those with a goal whether it is met."""
    goals = {
        name: {"goal": str(meaning.goal), "met": meaning.goal.met(figures[name])}
        for name, meaning in MEANINGS.items()
        if meaning.goal and name in figures
    }
    where = {**machine(), "postgresql": postgres}
    return {"format": 1, "machine": where, "rows": rows, "figures": figures, "goals": goals}
