"""The embedded broker: reachable only by us, and a killed one still has its queue."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from mdm.local.broker import Broker
from mdm.local.children import LocalServiceError


@contextmanager
def served(broker: Broker) -> Iterator["subprocess.Popen[bytes]"]:
    broker.prepare()
    server = broker.spawn()
    try:
        deadline = time.monotonic() + 15
        while not broker.ready():
            assert server.poll() is None, broker.log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield server
    finally:
        if server.poll() is None:
            server.send_signal(broker.stop_signal)
        server.wait(10)


def test_the_queue_survives_kill_9(state: Path) -> None:
    broker = Broker(state)
    with served(broker) as server:
        client = Redis(unix_socket_path=str(broker.socket))
        client.rpush("queue", "one", "two")
        client.waitaof(1, 0, 5000)
        server.kill()
        server.wait(5)
    assert not broker.ready()
    with served(broker) as server:
        client = Redis(unix_socket_path=str(broker.socket))
        assert client.lrange("queue", 0, -1) == [b"one", b"two"]
        assert broker.socket.stat().st_mode & 0o777 == 0o700
        assert client.config_get("port") == {"port": "0"}
        client.close()
    assert server.returncode == 0
    assert broker.stop_signal == signal.SIGTERM


def test_no_program_is_a_clear_error(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(LocalServiceError, match="set MDM_BROKER_BIN"):
        Broker(state)
