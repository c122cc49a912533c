"""Windows brought to the length of a model, as far as they may be."""

from collections.abc import Container

from seqattr.errors import InputError
from seqattr.inputs.windows import Inputs, resized


def fitted(
    inputs: Inputs, lengths: Container[int], length: int, pad: bool = False, crop: bool = False
) -> Inputs:
    """The windows padded with N, or cropped, around their middle to `length`, as far as allowed.

    `lengths` are those that the model takes. Raises InputError naming the records that do not fit.
    """
    windows = [
        resized(w, length) if (pad and w.length < length) or (crop and w.length > length) else w
        for w in inputs.windows
    ]
    wrong = [w for w in windows if w.length not in lengths]
    if wrong:
        some = ", ".join(f"{w.name} ({w.length} bp)" for w in wrong[:3]) + (", ..." if len(wrong) > 3 else "")
        hints = {
            "--pad would fill up short ones with N": any(w.length < length for w in wrong),
            "--crop would cut long ones to their middle": any(w.length > length for w in wrong),
        }
        hint = " and ".join(text for text, helps in hints.items() if helps)
        count = f"{len(wrong)} of {len(windows)} records {'does' if len(wrong) == 1 else 'do'}"
        raise InputError(f"{count} not fit the model, which takes {lengths}: {some}; {hint}")
    return inputs._replace(windows=windows)
