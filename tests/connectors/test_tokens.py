"""One thread fetches a token, the others wait for it."""

import threading
import time

from apps.connectors.tokens import Token, TokenCache


def test_many_threads_fetch_once() -> None:
    fetched: list[int] = []

    def fetch() -> Token:
        fetched.append(1)
        time.sleep(0.05)
        return Token("secret-value")

    cache = TokenCache(fetch)
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(cache.get().value)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == ["secret-value"] * 20
    assert len(fetched) == 1


def test_expires_early_and_is_fetched_again() -> None:
    now = [0.0]
    made: list[Token] = []

    def fetch() -> Token:
        made.append(Token(f"t{len(made)}", lifetime=100.0))
        return made[-1]

    cache = TokenCache(fetch, clock=lambda: now[0])
    assert cache.get().value == "t0"
    now[0] = 69.0
    assert cache.get().value == "t0"
    now[0] = 70.0
    assert cache.get().value == "t1"


def test_refusing_an_old_token_keeps_the_newer() -> None:
    made: list[Token] = []

    def fetch() -> Token:
        made.append(Token(f"t{len(made)}"))
        return made[-1]

    cache = TokenCache(fetch)
    old = cache.get()
    cache.refused(old)
    new = cache.get()
    cache.refused(old)
    assert cache.get() is new
    assert len(made) == 2


def test_repr_hides_the_value() -> None:
    assert "secret-value" not in repr(Token("secret-value"))
