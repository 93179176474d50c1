"""What changed in the two weeks after the first extracts: a set of delta extracts with later timestamps."""

from collections.abc import Iterable
from pathlib import Path

from mdm.demo.batch import CHANGES, TRUTH_COLUMNS, Batch
from mdm.demo.changes import LATER, STAMPS, Change, customer_change, new_customer, worker_change
from mdm.demo.extracts import FILES, Writer
from mdm.demo.firm import Firm
from mdm.demo.seeds import even_draw, stream
from mdm.demo.sinks import collector_paused
from mdm.demo.truth import Manifest
from mdm.demo.work_changes import work_changes

DELTA_FILES = tuple(name for name in FILES if name in STAMPS)
FLUSH = 2000


def _note(batch: Batch, changes: Iterable[Change]) -> None:
    for change in changes:
        batch.add(change.file, change.row)
        batch.add(CHANGES, [change.file, change.key, change.true_id, change.kind])
        batch.true_things[change.kind] += 1


def second_wave(firm: Firm, folder: Path, *, seed: int | None = None) -> Manifest:
    """Writes the deltas of a firm under `folder`; `seed` picks what changes, by default the firm's own.

    The manifest's `counts` are changes by kind; truth/changes.csv lists each changed row.
    """
    seed = firm.seed if seed is None else seed
    writer, batch = Writer(folder, (*DELTA_FILES, *TRUTH_COLUMNS)), Batch()
    more = max(1, firm.size // 50)
    with collector_paused():
        for worker in firm.workers:
            draw = even_draw(worker.serial, seed, "worker change")
            _note(batch, worker_change(firm, worker, stream(seed, "wave 2 worker", worker.serial), draw))
        for customer in firm.iter_customers(more=more):
            rng = stream(seed, "wave 2", customer.serial)
            if customer.serial > firm.size:
                _note(batch, new_customer(firm, batch, customer, rng))
                continue
            draw = even_draw(customer.serial, seed, "change")
            _note(batch, customer_change(firm, batch, customer, rng, draw))
            _note(batch, work_changes(firm, batch, firm.portfolio(customer), rng))
            if len(batch.rows[CHANGES]) > FLUSH:
                writer.write(batch.take())
        writer.write(batch.take())
    manifest = Manifest(
        folder=str(folder), size=firm.size, seed=seed, noise=0, wave=2, as_of=str(LATER),
        files=writer.close(),
        counts=dict(sorted(batch.true_things.items())), records=dict(sorted(batch.records.items())),
        disagreements=dict(sorted(batch.differences.items())),
    )  # fmt: skip
    manifest.save(folder)
    return manifest
