"""The workflows are in what is installed, and in what is downloaded to build it."""

import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.helpers.workflows import ROOT, WORKFLOW

SOURCES = (
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "MANIFEST.in",
    "Snakefile",
    "Makefile",
    "constraints.txt",
)


def shipped() -> set[str]:
    """The workflows' files, but for what makes packages of their folders."""
    paths = (path for path in WORKFLOW.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(ROOT).as_posix() for path in paths if path.name != "__init__.py"}


def test_every_file_is_package_data():
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"][
        "seqattr"
    ]
    matched = {
        path.relative_to(ROOT).as_posix() for each in patterns for path in (ROOT / "seqattr").glob(each)
    }
    assert shipped() <= matched


@pytest.mark.slow
def test_both_packages_have_them_and_the_command_writes_them_from_there(tmp_path):
    pytest.importorskip("setuptools", minversion="77")
    source = tmp_path / "source"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "seqattr", source / "seqattr", ignore=ignored)
    for name in SOURCES:
        shutil.copy(ROOT / name, source)
    code = "import setuptools.build_meta as build; build.build_wheel('..'); build.build_sdist('..')"
    subprocess.run([sys.executable, "-c", code], cwd=source, check=True, capture_output=True)
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert shipped() | {"Snakefile"} <= names
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        assert shipped() <= set(wheel.namelist())
        wheel.extractall(tmp_path / "installed")
    call = "from seqattr.cli import main; main(['workflow', 'new'])"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    subprocess.run([sys.executable, "-c", call], cwd=tmp_path, check=True, env=environment)
    written = {path.relative_to(tmp_path / "new").as_posix() for path in Path(tmp_path / "new").rglob("*")}
    assert {"Snakefile", "config.yaml", "profiles/slurm/config.yaml", "rules/settings.py"} <= written
