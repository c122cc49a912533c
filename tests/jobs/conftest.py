"""The two small models, read from their files."""

from pathlib import Path

import pytest

import seqattr


@pytest.fixture(scope="module")
def model(models: Path) -> seqattr.Model:
    return seqattr.load_model(models / "free.pt")


@pytest.fixture(scope="module")
def sigmoid(models: Path) -> seqattr.Model:
    return seqattr.load_model(models / "fixed.pt")
