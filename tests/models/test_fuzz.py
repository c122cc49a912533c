"""Mutated model files end in an answer or in one line; scripts/fuzz_model_files.py does it by thousands."""

import importlib.util
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "fuzz_model_files.py"


@pytest.mark.parametrize("number", [100, pytest.param(1000, marks=pytest.mark.slow)])
def test_no_mutated_file_harms(number, monkeypatch):
    spec = importlib.util.spec_from_file_location("fuzz_model_files", SCRIPT)
    fuzz = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "fuzz_model_files", fuzz)
    monkeypatch.syspath_prepend(SCRIPT.parent)  # for the worker
    spec.loader.exec_module(fuzz)
    outcomes, faults = fuzz.fuzz(number)
    assert faults == []
    assert sum(outcomes.values()) == number
    assert {"explained", "refused"} <= set(outcomes)
