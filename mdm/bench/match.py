"""Measure the matching engine on a folder of labelled records: quality, CPU, memory."""

import csv
import json
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np

from apps.matching import engine


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def load_set(folder: Path) -> tuple[engine.Table, dict[str, Any], engine.Truth, Any]:
    """Table, meta, truth and side (None unless two sources are linked) of a labelled folder.

    Raises FileNotFoundError without records.csv, meta.json and one of truth.csv and pairs.csv.
    """
    rows = _rows(folder / "records.csv")
    meta = json.loads((folder / "meta.json").read_text())
    ids = [r["rid"] for r in rows]
    names = [c for c in (rows[0] if rows else {}) if c not in {"rid", "src"}]
    table = engine.Table(ids, {c: [r[c] or None for r in rows] for c in names})
    place = {rid: k for k, rid in enumerate(ids)}
    side = np.array([int(r["src"]) for r in rows], np.uint8) if meta.get("mode") == "link" else None
    if (folder / "pairs.csv").exists():
        known = [
            (place[p["rid_a"]], place[p["rid_b"]])
            for p in _rows(folder / "pairs.csv")
            if p["rid_a"] in place and p["rid_b"] in place
        ]
        a, b = np.array(known, np.int64).reshape(-1, 2).T
        return table, meta, engine.Truth(len(ids), pairs=(a, b), side=side), side
    cluster_of = {t["rid"]: t["cid"] for t in _rows(folder / "truth.csv")}
    labels = np.unique([cluster_of[rid] for rid in ids], return_inverse=True)[1].astype(np.int64)
    return table, meta, engine.Truth(len(ids), labels=labels, side=side), side


def config_for(folder: Path, table: engine.Table, meta: dict[str, Any]) -> engine.Config:
    """The generic configuration; only the semantic types may be given with the set, else they are inferred."""
    kind = engine.infer_kind(table.columns, str(meta.get("kind", "")))
    given = folder / "types.json"
    types = json.loads(given.read_text()) if given.exists() else engine.infer_types(table.columns, kind)
    return engine.default_config({c: _known(t) for c, t in types.items() if c in table.columns}, kind)


_SYNONYMS = {
    "e_mail": "email",
    "mail": "email",
    "organization_name": "organisation_name",
    "website": "domain",
    "url": "domain",
    "text": "free_text",
    "id": "identifier",
    "postal_code": "postcode",
    "zip": "postcode",
    "state": "region",
    "address": "street",
    "first_name": "given_name",
    "last_name": "family_name",
    "surname": "family_name",
    "street_number": "house_number",
    "name": "organisation_name",
    "company": "organisation_name",
}


def _known(semantic: str) -> str:
    word = semantic.strip().lower().replace(" ", "_").replace("-", "_")
    word = _SYNONYMS.get(word, word)
    return word if word in engine.COMPARATOR_OF else "free_text"


def run_set(folder: Path) -> dict[str, Any]:
    """Match one labelled folder with the shipped configuration and compare with its truth.

    `precision`, `recall` and `f1` are of pairs at the shipped threshold; `best_f1` at the best one in hindsight;
    `cluster_f1` of pairs in the final clusters; `cpu_seconds` from raw columns to clusters, reading the file and
    the comparison with the truth left out.
    """
    table, meta, truth, side = load_set(folder)
    config = config_for(folder, table, meta)
    wall, cpu = time.perf_counter(), time.process_time()
    found = engine.match_table(table, config, side=side)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    a, b = found.pairs.left.astype(np.int64), found.pairs.right.astype(np.int64)
    shipped = truth.pairs(a, b, found.scores.band == engine.Band.MATCH)
    best, threshold = truth.best(a, b, found.scores.weight)
    clusters, b_cubed = truth.clusters(found.labels)
    return {
        "set": folder.name,
        "kind": config.kind,
        "records": len(table),
        "precision": round(shipped.precision, 4),
        "recall": round(shipped.recall, 4),
        "f1": round(shipped.f1, 4),
        "best_f1": round(best, 4),
        "best_threshold_bits": round(threshold, 2),
        "cluster_f1": round(clusters.f1, 4),
        "cluster_precision": round(clusters.precision, 4),
        "cluster_recall": round(clusters.recall, 4),
        "b3": round(b_cubed.f1, 4),
        "blocking_recall": round(float(truth.holds(a, b).sum()) / max(truth.total, 1), 4),
        "pairs_compared": len(found.pairs),
        "cpu_seconds": round(cpu, 2),
        "wall_seconds": round(wall, 2),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "model_version": found.model.version,
    }
