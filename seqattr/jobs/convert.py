"""A model file of any format as one in seqattr's own."""

from seqattr.engine.capture.model import Model
from seqattr.io.ownership import Output
from seqattr.jobs.sources import ModelFile
from seqattr.models.native import save_model
from seqattr.support.caller import LIBRARY, Caller


def run(model: ModelFile, output: Output, caller: Caller = LIBRARY) -> Model:
    """Capture a model and write it, whole or not at all. Raises as `load_model` does, and OutputError."""
    output.claim_file()
    captured = model.open(caller)
    save_model(output.path, captured)
    return captured
