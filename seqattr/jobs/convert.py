"""A model file of any format as one in seqattr's own."""

from collections.abc import Sequence

from seqattr.data.training_files import metrics_path
from seqattr.engine.capture.model import Model
from seqattr.io.atomic import check_file
from seqattr.io.ownership import Output, command_in
from seqattr.jobs.sources import ModelFile
from seqattr.models.native import save_model
from seqattr.support.caller import LIBRARY, Caller


def run(
    model: ModelFile,
    output: Output,
    targets: Sequence[int | str] | None = None,
    caller: Caller = LIBRARY,
) -> Model:
    """Capture a model and write it, whole or not at all, with these targets alone, or with all for None.

    Raises as `load_model` and `Model.choose` do, and OutputError.
    """
    check_file(output.path)
    output.claim_file(model=True)
    metrics = metrics_path(output.path)
    before = command_in(metrics, "command") if output.path.is_file() else None
    output.claim_run(output.path, before, "")  # a training, which nobody wants to do again
    captured = model.open(caller)
    if targets is not None:
        caller.tell(captured.choose(targets).notes)
        captured = captured.with_targets(targets)
    save_model(output.path, captured)
    if before:
        metrics.unlink(missing_ok=True)  # they were of the model before
    return captured
