"""Serve a sandbox CRM or ERP without loading Django: `python -m apps.connectors.sandbox salesforce --port 8801`."""

import signal
import sys
import threading
from argparse import ArgumentParser
from pathlib import Path

from apps.connectors.sandbox.running import SANDBOXES, open_sandbox


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("system", choices=sorted(SANDBOXES.names()))
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--state", type=Path, help="SQLite file; without it nothing outlives the process")


def serve(system: str, port: int, state: Path | None) -> None:
    """Serve until SIGTERM or SIGINT; OSError when the port cannot be used."""
    server = open_sandbox(system, port=port, state=state or ":memory:")
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start())
    sys.stdout.write(f"{server.system.title} on {server.base_url}\n")
    sys.stdout.flush()
    server.serve_forever()
    server.server_close()
    server.system.close()


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    add_arguments(parser)
    given = parser.parse_args()
    serve(given.system, given.port, given.state)
