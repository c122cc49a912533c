"""Mutated FASTA, BED, chromosome-sizes and index files: every one is read, or is one line of SeqattrError.

python scripts/fuzz_inputs.py [SECONDS]
"""

import gzip
import random
import sys
import tempfile
import time
from pathlib import Path

from seqattr.errors import SeqattrError
from seqattr.inputs import from_fasta, from_regions, tiled

LENGTH = 20
BED = (
    b"chr1\t100\t200\t.\t1000\t.\t5\t9\t7\t80\t2\t3\n",
    b"chr1\t10\t30\ta\t0\t-\n",
    b"chr2\t5\t40\tg\t0\t+\t10\t20\t0\t2\t10,5,\t0,30,\n",
    b"chrom start end\n",
    b"#x\n",
    b"chr1\t0\t9999999999999999999999\n",
    b"chr1\t5\t5\n",
    b"\n",
)
FASTA = (
    b">chr1 x\n" + b"ACGTACGTNN\n" * 30 + b">chr2\n" + b"acgtRYac" * 6 + b"\n>chr3\n\n"
    b">chr1:5-25(-)\nACGTACGTACGTACGTACGT\n"
)
SIZES = b"chr1\t300\nchr2\t48\n"


def mutated(content: bytes, rng: random.Random) -> bytes:
    """A few bytes changed, cut out, put in or said twice."""
    found = bytearray(content)
    for _ in range(rng.choice((0, 0, 1, 2, 5)) if found else 0):
        at = rng.randrange(len(found) + 1)
        width = rng.randrange(1, 20)
        found[at : at + rng.choice((0, 1, width))] = rng.choice(
            (
                b"",
                b"\r\n",
                bytes(found[at : at + 50]),
                rng.randbytes(1),
                rng.choice((b">", b"\xef\xbb\xbf", b"-")),
            )
        )
    return bytes(found)


def write_files(folder: Path, rng: random.Random) -> None:
    """A genome, sometimes packed, with no index, its own or a broken one; regions and sizes."""
    genome, index = mutated(FASTA, rng), folder / "g.fa.fai"
    genome = gzip.compress(genome) if rng.random() < 0.3 else genome
    (folder / "g.fa").write_bytes(mutated(genome, rng) if rng.random() < 0.1 else genome)
    (folder / "a.bed").write_bytes(mutated(b"".join(rng.choices(BED, k=rng.randrange(6))), rng))
    (folder / "sizes").write_bytes(mutated(SIZES, rng))
    if rng.random() < 0.7:
        index.unlink(missing_ok=True)
    elif index.exists():
        index.write_bytes(mutated(index.read_bytes(), rng))


def read_all(folder: Path, rng: random.Random) -> int:
    """Read the files in each way there is; how many of them were."""
    genome, bed, sizes = (folder / name for name in ("g.fa", "a.bed", "sizes"))
    one, two, strict = (rng.random() < 0.5 for _ in range(3))
    calls = (
        lambda: from_regions(genome, bed, LENGTH, one, two, strict),
        lambda: from_fasta(genome, sizes if one else None, two, strict),
        lambda: tiled(genome, LENGTH, rng.choice((1, 7, 30)), one, strict),
    )
    read = 0
    for call in calls:
        try:
            windows = call().windows
        except SeqattrError as error:
            said = str(error)
        else:
            said = ""
            assert all(window.length == window.region.end - window.region.start for window in windows)
        assert "\n" not in said
        read += not said
    return read


def main() -> None:
    rng, read, rounds = random.Random(0), 0, 0
    end = time.monotonic() + float(sys.argv[1] if len(sys.argv) > 1 else 60)
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end:
            try:
                write_files(Path(folder), rng)
                read += read_all(Path(folder), rng)
            except Exception:
                print(f"round {rounds}: {(Path(folder) / 'g.fa').read_bytes()!r}", file=sys.stderr)
                raise
            rounds += 1
    print(f"{rounds} rounds, {read} of {3 * rounds} readings gave windows, the others one line")


if __name__ == "__main__":
    main()
