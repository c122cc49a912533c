"""What a file is that is no model: the words that follow upon "PATH is not a PyTorch model file".

By its content, of which nothing is run, and of which no more is read than tells what it is.
"""

import json
import re
import zlib
from pathlib import Path

import h5py

from seqattr.io.hdf5.layout import looks_like_contributions
from seqattr.io.reading import GZIP
from seqattr.models.pickled_kind import pickled_kind
from seqattr.models.protobuf import fields_of

UNKNOWN = "it should have been written by torch.save, torch.export.save, torch.jit.save or seqattr"
AGAIN = "which has to be written again in PyTorch"
ONNX = "it is an ONNX model: torch.save the PyTorch model it was made of, or one that onnx2torch makes"
FASTA = "it looks like a FASTA or FASTQ file"
TENSORFLOW = f"it is part of a TensorFlow checkpoint, of a model {AGAIN}"
MOST_TEXT = 2**22  # bytes of a JSON file that is looked into
ENOUGH = 4096  # bytes from which one sees what a file is
INDEX_END = b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"  # of the index of a TensorFlow checkpoint

BEGINNINGS = {
    b"version https://git-lfs": "it is Git LFS's pointer to the file: fetch that (git lfs pull)",
    b"\x93NUMPY": "it is a NumPy array: name a file of weights by their names, or of a module",
    b"\x26\xfc\x8f\x88": "it is a bigWig file",
    b"\x88\x8f\xfc\x26": "it is a bigWig file",
    b"\xeb\xf2\x89\x87": "it is a bigBed file",
    b"\x87\x89\xf2\xeb": "it is a bigBed file",
    b"BAM\1": "it is a BAM file of aligned reads",
    b">": FASTA,
    b"@": FASTA,
    b"BZh": "it is compressed (bzip2): unpack it first",
    b"\xfd7zXZ": "it is compressed (xz): unpack it first",
    b"\x28\xb5\x2f\xfd": "it is compressed (zstd): unpack it first",
    b"Rar!": "it is a RAR archive: unpack it first",
    b"7z\xbc\xaf": "it is a 7z archive: unpack it first",
    b"\x89PNG": "it is a picture",
    b"\xff\xd8\xff": "it is a picture",
    b"%PDF": "it is a PDF",
}
# Of texts, by what stands at the start of a line.
TEXTS = {
    r"\s*<(!doctype|html|\?xml)": "it is a web page, as a download leaves that did not succeed",
    r"model_checkpoint_path:": f"it names the last of several TensorFlow checkpoints, of a model {AGAIN}",
    r"MEME version": "it is a MEME file of motifs",
    r"(chr)?\w+\t\d+\t\d+(\t|$)": "it looks like a BED file",
    r"(import \w|from [\w.]+ import|class \w|def \w)": "it is Python code: name a file of weights, and this "
    "one as `Foreign.arch=FILE.py:CLASS`",
}


def guess(path: Path, head: bytes) -> str:
    """What else a file may be that begins so, with the way out."""
    return f"; {by_beginning(head) or by_structure(path, head) or by_text(head) or UNKNOWN}"


def by_beginning(head: bytes) -> str:
    """By its first bytes, also of what is gzipped."""
    if head.startswith(GZIP):
        inside = unzipped(head)
        kind = "" if inside.startswith(GZIP) else by_beginning(inside)  # one may unpack to itself
        return f"{kind}, gzipped" if kind else "it is gzipped: unpack it first"
    if head[257:262] == b"ustar":
        return "it is a tar archive: unpack it first"
    return next((words for start, words in BEGINNINGS.items() if head.startswith(start)), "")


def unzipped(head: bytes) -> bytes:
    """The first bytes of what is gzipped; none where that is damaged."""
    try:
        return zlib.decompressobj(31).decompress(head, ENOUGH)
    except zlib.error:
        return b""


def by_structure(path: Path, head: bytes) -> str:
    """By what other frameworks write: messages of protobuf and msgpack, and TensorFlow's tables."""
    if head.startswith(b"\x08") and (path.suffix == ".onnx" or b"pytorch" in head or b"onnx" in head):
        return ONNX
    if re.search(r"\.data-\d{5}-of-\d{5}$", path.name) or end_of(path) == INDEX_END:
        return TENSORFLOW
    numbers = fields_of(path) if head[:1] in (b"\x08", b"\x0a") else None
    if numbers and 7 in numbers and numbers <= {*range(1, 10), 14, 20, 25, 26}:
        return ONNX
    if numbers and (numbers == {1, 2} or path.suffix == ".pb"):
        return f"it is a TensorFlow model, {AGAIN}"
    if re.match(rb"\(dp|\(lp|[]}]q|c[\w.]+\n\w+\n", head):
        return f"it is a pickle of {pickled_kind(path)} that torch.save did not write"
    if re.match(rb"([\x81-\x8f]|\xde..|\xdf....)([\xa1-\xbf]|\xd9.)[\w ./:-]", head, re.DOTALL):
        return f"it looks like msgpack, as Flax and JAX write the weights of a model {AGAIN}"
    return ""


def end_of(path: Path) -> bytes:
    """The last bytes of a file."""
    with open(path, "rb") as file:
        file.seek(max(0, path.stat().st_size - len(INDEX_END)))
        return file.read()


def by_text(head: bytes) -> str:
    """Which text it is, if it is one."""
    try:
        text = head[:ENOUGH].decode("utf-8", "strict" if len(head) < ENOUGH else "ignore")
    except UnicodeDecodeError:
        return ""
    if not text.replace("\n", "").replace("\t", "").replace("\r", "").isprintable():
        return ""
    named = (words for start, words in TEXTS.items() if re.search(f"(?im)^{start}", text))
    return next(named, f"it is a text; {UNKNOWN}")


def of_json(path: Path) -> str:
    """Which JSON text it is, with the way out."""
    try:
        table = json.loads(path.read_bytes()) if path.stat().st_size <= MOST_TEXT else None
    except (ValueError, RecursionError, OSError):
        return "; it begins like JSON, and is no model"
    if isinstance(table, dict) and {"weight_map", "model_type", "architectures"} & set(table):
        return "; it is part of a Hugging Face folder: name the folder"
    if isinstance(table, dict) and {"seqattr", "settings"} <= set(table):
        return "; it says how a run of seqattr was made, and is no model"
    return "; it is a JSON text, which is no model"


def of_hdf5(path: Path) -> str:
    """What an HDF5 file may be, since it is no model's."""
    with h5py.File(path, "r") as file:
        if looks_like_contributions(file):
            return "; it holds contributions that seqattr wrote, not the model that they explain"
        names = ", ".join(list(file)[:5])
    line = f"; it is HDF5 of {names or 'nothing'}, and no Keras model's"
    return f"{line}: it has neither model_config nor weights by layers"
