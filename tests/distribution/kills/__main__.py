"""Run a series and print what came of it; exit code 1 when something is not as it must be."""

import argparse
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import django

from mdm.local.paths import ROOT, socket_folder
from mdm.local.programs import free_port


def main() -> int:
    """Point Django at a home of the series' own, then run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--changes", type=int, default=2000)
    parser.add_argument("--gap", type=float, default=1.6, help="seconds between two kills, on average")
    parser.add_argument("--longest", type=float, default=900.0, help="seconds after which it must be through")
    parser.add_argument(
        "--prepared",
        type=Path,
        help="folder of a home made ready for series: copied, or made where there is none",
    )
    given = parser.parse_args()
    state = Path(tempfile.mkdtemp(prefix="mdm-kills-"))
    state.chmod(0o711)  # PostgreSQL's account must walk through it
    if given.prepared and given.prepared.exists():
        subprocess.run(["cp", "-a", f"{given.prepared}/.", state], check=True)
    crm, erp = free_port(18301), free_port(18401)
    for store in ("DATABASE_URL", "CELERY_BROKER_URL"):  # it kills its own, and nobody else's
        os.environ.pop(store, None)
    os.environ.update(
        MDM_HOME=str(state),
        DJANGO_SETTINGS_MODULE="mdm.settings.local",
        LOG_LEVEL="WARNING",
        MDM_NO_VENV="1",
        API_RATE_PER_MINUTE="1000000",
        PYTHONPATH=str(ROOT),
    )
    django.setup()  # models cannot be imported before
    series = importlib.import_module("tests.distribution.kills.series")
    print(f"seed {given.seed}; logs in {state}/log", flush=True)
    code: int = series.Series(given, state, free_port(18201), crm, erp).run()
    if code == 0:
        shutil.rmtree(state, ignore_errors=True)
        shutil.rmtree(socket_folder(state), ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
