"""The embedded PostgreSQL: survives crashes, obeys only us, refuses what it cannot read."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from mdm.local.children import LocalServiceError, own_folder
from mdm.local.postgres import DURABLE, THROW_AWAY, Postgres


@contextmanager
def served(postgres: Postgres) -> Iterator["subprocess.Popen[bytes]"]:
    postgres.prepare()
    server = postgres.spawn()
    try:
        deadline = time.monotonic() + 30
        while not postgres.ready():
            assert server.poll() is None, postgres.log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield server
    finally:
        if server.poll() is None:
            server.send_signal(postgres.stop_signal)
        server.wait(20)


def connect(postgres: Postgres) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(host=str(postgres.socket), user="mdm", dbname="mdm", autocommit=True)


def test_acknowledged_rows_survive_a_killed_server_and_its_pid_file(state: Path) -> None:
    postgres = Postgres(state, settings=DURABLE)
    with served(postgres) as server:
        postgres.create_database()
        postgres.create_database()
        with connect(postgres) as session:
            session.execute("create table kept (n int)")
            for number in range(200):
                session.execute("insert into kept values (%s)", [number])
            os.kill(server.pid, signal.SIGKILL)
            server.wait(10)
    assert (postgres.data / "postmaster.pid").exists()
    again = Postgres(state, settings=DURABLE)
    with served(again) as server, connect(again) as session:
        assert session.execute("select count(*), max(n) from kept").fetchone() == (200, 199)
        parents_mode = state.stat().st_mode & 0o777
        assert parents_mode == 0o711
    assert server.returncode == 0


def test_a_pid_file_that_names_a_foreign_process_does_not_block(state: Path) -> None:
    postgres = Postgres(state, settings=THROW_AWAY)
    with served(postgres):
        text = (postgres.data / "postmaster.pid").read_text().splitlines()
    stale = "\n".join([str(os.getpid()), *text[1:]]) + "\n"
    (postgres.data / "postmaster.pid").write_text(stale)
    (postgres.socket / ".s.PGSQL.5432.lock").write_text(stale)
    with served(postgres) as server:
        assert postgres.ready()
    assert server.returncode == 0


def test_a_server_that_outlived_its_supervisor_is_stopped_first(state: Path) -> None:
    first = Postgres(state, settings=THROW_AWAY)
    with served(first) as left:
        second = Postgres(state, settings=THROW_AWAY)
        second.prepare()
        assert left.wait(5) == 0
        with served(second):
            assert second.ready()


def test_another_major_version_is_refused_with_the_way_out(state: Path) -> None:
    postgres = Postgres(state, settings=THROW_AWAY)
    (postgres.data / "PG_VERSION").write_text("12\n")
    with pytest.raises(LocalServiceError, match=r"written by PostgreSQL 12.*MDM_PG_BIN"):
        postgres.prepare()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become someone else")
def test_another_account_gets_no_session(state: Path) -> None:
    postgres = Postgres(state, settings=THROW_AWAY)
    with served(postgres):
        assert (postgres.socket.stat().st_mode & 0o777) == 0o700
        postgres.socket.chmod(0o777)  # even past the folder's wall
        query = [
            postgres.bin / "psql",
            "-h",
            postgres.socket,
            "-U",
            "mdm",
            "-d",
            "postgres",
            "-c",
            "select 1",
        ]
        ours = subprocess.run(query, capture_output=True, text=True, check=False, cwd="/")
        theirs = subprocess.run(query, capture_output=True, text=True, check=False, cwd="/", user="games")
    assert ours.returncode == 0, ours.stderr
    assert theirs.returncode != 0
    assert "Peer authentication failed" in theirs.stderr


def test_no_programs_is_a_clear_error(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MDM_PG_BIN", str(state / "nothing"))
    with pytest.raises(LocalServiceError, match=r"set MDM_PG_BIN.*or DATABASE_URL.*No such file"):
        Postgres(state)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to make another user's folder")
def test_a_folder_of_another_user_is_never_taken(state: Path) -> None:
    foreign = state / "foreign"
    foreign.mkdir()
    os.chown(foreign, 5, 5)
    with pytest.raises(LocalServiceError, match="belongs to another user"):
        own_folder(foreign, mode=0o700)
    (state / "link").symlink_to(state)
    with pytest.raises(LocalServiceError, match="belongs to another user"):
        own_folder(state / "link", mode=0o700)


@pytest.mark.full
def test_twenty_kills_lose_nothing_acknowledged(state: Path) -> None:
    postgres = Postgres(state, settings=DURABLE)
    acknowledged = 0
    for kill in range(20):
        with served(postgres) as server:
            postgres.create_database()
            with connect(postgres) as session:
                session.execute("create table if not exists kept (n bigint primary key)")
                found = session.execute("select count(*), coalesce(max(n), 0) from kept").fetchone()
                assert found is not None
                assert int(str(found[0])) in (acknowledged, acknowledged + 1)
                acknowledged = int(str(found[0]))
                for _ in range(50 + kill):
                    session.execute("insert into kept values (%s)", [acknowledged + 1])
                    acknowledged += 1
                os.kill(server.pid, signal.SIGKILL)
                server.wait(10)
