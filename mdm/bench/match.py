"""Measure the matching engine on a folder of labelled records: quality, CPU, memory."""

import resource
import time
from pathlib import Path
from typing import Any

import numpy as np

from apps.matching import engine
from mdm.bench.labelled import config_for, load_set


def run_set(folder: Path) -> dict[str, Any]:
    """Match one labelled folder with the shipped configuration and compare with its truth.

    `precision`, `recall` and `f1` are of the compared pairs as they are decided: MATCH where both records end in one
    cluster, as in the hub. `score_f1` is what each pair's own score says at the shipped threshold, before clusters;
    `best_f1` the best in hindsight of any threshold of it and the decision;
    `cluster_f1` of pairs in the final clusters; `cpu_seconds` from raw columns to clusters, reading the file and
    the comparison with the truth left out; `peak_memory_mb` of the whole process, the file's records included.
    """
    table, meta, truth, side = load_set(folder)
    config = config_for(folder, table, meta)
    wall, cpu = time.perf_counter(), time.process_time()
    found = engine.match_table(table, config, side=side)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    a, b = found.pairs.left.astype(np.int64), found.pairs.right.astype(np.int64)
    shipped = truth.pairs(a, b, found.scores.band == engine.Band.MATCH)
    alone = truth.pairs(a, b, found.scores.probability >= config.match_threshold)
    best, threshold = truth.best(a, b, found.scores.weight)
    clusters, b_cubed = truth.clusters(found.labels)
    return {
        "set": folder.resolve().name,
        "kind": config.kind,
        "records": len(table),
        "precision": round(shipped.precision, 4),
        "recall": round(shipped.recall, 4),
        "f1": round(shipped.f1, 4),
        "score_f1": round(alone.f1, 4),
        "best_f1": round(max(best, shipped.f1), 4),
        "best_threshold_bits": round(threshold, 2),
        "cluster_f1": round(clusters.f1, 4),
        "cluster_precision": round(clusters.precision, 4),
        "cluster_recall": round(clusters.recall, 4),
        "b3": round(b_cubed.f1, 4),
        "blocking_recall": round(float(truth.holds(a, b).sum()) / max(truth.total, 1), 4),
        "pairs_compared": len(found.pairs),
        "cpu_seconds": round(cpu, 2),
        "wall_seconds": round(wall, 2),
        "peak_memory_mb": round(peak),
        "model_version": found.model.version,
    }
