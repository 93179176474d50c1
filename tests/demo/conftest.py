"""One small firm, generated once, and readers of its files."""

from pathlib import Path

import pytest

from mdm.demo import Firm, Manifest, generate, second_wave, write_extracts


@pytest.fixture(scope="session")
def firm() -> Firm:
    return generate(size=300, seed=7)


@pytest.fixture(scope="session")
def manifest(firm: Firm, tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return write_extracts(firm, tmp_path_factory.mktemp("first"))


@pytest.fixture(scope="session")
def deltas(firm: Firm, tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return second_wave(firm, tmp_path_factory.mktemp("second"))


@pytest.fixture(scope="session")
def folder(manifest: Manifest) -> Path:
    return Path(manifest.folder)
