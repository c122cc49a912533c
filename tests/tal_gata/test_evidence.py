"""The benchmark's evidence, where some sequences have no values."""

import h5py
import numpy as np

from seqattr.tal_gata.evidence import gather
from seqattr.tal_gata.figures import drawn_matches, telling_sequence
from seqattr.tal_gata.tables import points_table
from tests.helpers.tal_gata_scores import EVERY, simulated, write_run


def test_sequences_without_values_are_neither_measured_nor_drawn(tmp_path):
    simulation = simulated(tmp_path / "simulation")
    folders = [
        write_run(tmp_path / "one", simulation),
        write_run(tmp_path / "two", simulation, "gradient", credited=EVERY, missed=20),
    ]
    before = gather(folders, simulation, [])
    failed = [telling_sequence(before), int(before.matches.sequence[0])]
    for path in folders[0].glob("*.h5"):
        with h5py.File(path, "r+") as file:
            for name in ("difference", "additivity_error", "shap/seq", "projected_shap/seq"):
                for row in failed:
                    file[name][row] = np.nan
    after = gather(folders, simulation, [])
    drawn = set(after.matches.sequence[drawn_matches(after)].tolist())
    assert not drawn & set(failed)
    assert all(np.isfinite(values).all() for values in list(points_table(after).values())[4:])
    assert telling_sequence(after) not in (None, *failed)
    one, other = (
        next(run for run in evidence.runs if run.method == "deeplift") for evidence in (before, after)
    )
    assert other.measures["pooled"].matches < one.measures["pooled"].matches
    assert np.isfinite(other.measures["pooled"]).all()
