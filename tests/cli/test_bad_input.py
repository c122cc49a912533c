"""Whatever is wrong with the input: one clear line, exit code 1, and what stood in the folder stands."""

import gzip
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import seqattr
from seqattr.methods.precisions import PRECISIONS


@pytest.fixture
def bad(refused, free, fasta, out) -> Callable[..., str]:
    """Score with these options, which must fail with one line; that line."""

    def call(*options: Any, model: Path = free, fasta: Path | None = None) -> str:
        return refused("score", "--model", model, "--fasta", fasta or good, "--out", out, *options)

    good = fasta(3)
    return call


# --- FASTA -------------------------------------------------------------------------------------

RECORDS = "".join(f">r{i}\n{'ACGTTGCAAC' * 4}\n" for i in range(9)).encode()


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "{} is empty; a FASTA file was expected"),
        (gzip.compress(b"", mtime=0), "{} is empty; a FASTA file was expected"),
        (b"ACGT\n", "{} does not start with '>'; is this a FASTA file (plain or gzip)?"),
        (b"PK\x03\x04", "{} does not start with '>'; is this a FASTA file (plain or gzip)?"),
        (gzip.compress(RECORDS, mtime=0)[:-20], "{} is a broken or truncated gzip file"),
        (b">p\nMKVLAT\n", "record 'p' holds 'L' at position 4, which is no DNA letter; "
         "is this a protein FASTA?"),
        (RECORDS * 2, "{} holds more than one record of the name 'r0', 'r1', 'r2' (and 6 others); "
         "a record's name is the first word of its header"),
        (b">a\n", "record 'a' of {} has no sequence"),
        (b">a\n>b\nACGT\n", "record 'a' of {} has no sequence; 1 of 1 records does not fit the model, which "
         "takes 40 bp (it was made for these; --any-length would allow 7 bp or more): "
         "b (4 bp); --pad would fill up short ones with N"),
        (b">a\nACG\n", "1 of 1 records does not fit the model, which "
         "takes 40 bp (it was made for these; --any-length would allow 7 bp or more): a (3 bp); "
         "--pad would fill up short ones with N"),
    ],
)  # fmt: skip
def test_a_bad_fasta_file(bad, tmp_path, content, line):
    path = tmp_path / "bad.fa"
    path.write_bytes(content)
    assert bad(fasta=path) == line.format(path)


def test_no_fasta_file(bad, tmp_path):
    assert bad(fasta=tmp_path / "none.fa") == f"there is no FASTA file {tmp_path / 'none.fa'}"
    assert bad(fasta=tmp_path) == f"{tmp_path} is a folder, not a FASTA file"


# --- models ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "the model file {} is empty"),
        (b"hello", "{} is not a PyTorch model file; it is a text; it should have been written by torch.save, "
         "torch.export.save, torch.jit.save or seqattr"),
        (RECORDS, "{} is not a PyTorch model file; it looks like a FASTA or FASTQ file"),
        (gzip.compress(b"x", mtime=0), "{} is not a PyTorch model file; it is gzipped: unpack it first"),
        (b"\x89HDF\r\n\x1a\n", "the model file {} is truncated or damaged: HDF5 cannot read it"),
        (b"PK\x03\x04 and no more", "the model file {} is truncated or damaged: File is not a zip file"),
        (pickle.dumps([1, 2], 2), "{} is a pickle of a list that torch.save did not write; torch.save the "
         "model, or its state_dict()"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_model(bad, tmp_path, content, line):
    path = tmp_path / "bad.pt"
    path.write_bytes(content)
    assert bad(model=path) == line.format(path)


def test_no_model_file(bad, tmp_path):
    assert bad(model=tmp_path / "none.pt") == f"there is no model file {tmp_path / 'none.pt'}"
    (tmp_path / "empty").mkdir()
    assert bad(model=tmp_path / "empty") == f"{tmp_path / 'empty'} is a folder, not a model file; it is empty"


class DependsOnData(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.sum() > 10:
            x = x * 2
        return x.mean(-1)


class Scatters(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        places = (torch.arange(40) % 2).expand(x.shape)
        return torch.zeros_like(x[..., :2]).scatter_reduce(2, places, x, "prod").mean(-1)


@pytest.mark.parametrize(
    ("module", "parts"),
    [
        (nn.Sequential(nn.Conv1d(6, 2, 3), nn.Flatten()), ["the model fails on an input of shape (3, 4, 40)",
         "expected input[3, 4, 40] to have 6 channels, but got 4 channels instead"]),
        (DependsOnData(), ["the model cannot be captured: ", "(at test_bad_input.py:",
         "in forward: if x.sum() > 10:"]),
        (Scatters(), ["no rule for the op aten.scatter_reduce.two at test_bad_input.py:",
         "(2, places, x, \"prod\").mean(-1); of what is scattered only sums and means have a rule"]),
    ],
)  # fmt: skip
def test_a_model_that_cannot_be_captured(bad, refused, tmp_path, module, parts):
    path = tmp_path / "model.pt"
    torch.save(module, path)
    trusted = ("--trust-model", "--input-length", 40)
    for line in (bad(*trusted, model=path), refused("convert", path, "--out", tmp_path / "c.pt", *trusted)):
        for part in parts:
            assert part in line
    assert not (tmp_path / "c.pt").exists()


# --- options -----------------------------------------------------------------------------------

SOME_METHODS = f"{', '.join([*seqattr.METHODS][:8])}, ... and {len(seqattr.METHODS) - 8} more"


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ("--method x", f"unknown method 'x'; there is: {SOME_METHODS}"),
        ("--refs x", "unknown reference 'x'; there is: " + ", ".join(seqattr.REFERENCES)),
        ("--target x", "unknown target 'x'; there is: target0, target1"),
        ("--target 2", "unknown target '2'; there is: target0, target1"),
        ("--precision half", "unknown precision 'half'; there is: " + ", ".join(PRECISIONS)),
        ("--device gpu", "unknown device 'gpu'; there is: auto, cpu, cuda, cuda:0 ..."),
        ("--refs shuffle:0", "'shuffle:0' must say how many, a whole number from 1 on, as in shuffle:10"),
        ("--refs gc:-3", "'gc:-3' must say how many, a whole number from 1 on, as in gc:10"),
        ("--refs mono:ten", "'mono:ten' must say how many, a whole number from 1 on, as in mono:10"),
        ("--refs zeros:2", "the reference zeros takes nothing after it, not 'zeros:2'"),
        ("--refs freq:a,b", "'freq:a,b' must look like freq:.3,.2,.2,.3 (A,C,G,T)"),
        ("--refs freq:1,1", "base frequencies are four positive numbers (A,C,G,T) that sum to 1, not 1, 1"),
        ("--refs fasta:none.fa", "there is no FASTA file none.fa"),
        ("--batch-size 0", "the batch size must be at least 1, not 0"),
        ("--batch-size -4", "the batch size must be at least 1, not -4"),
        ("--tile 0", "--tile must be at least 1 base, not 0"),
        ("--arch-args [1]", "--arch-args must be a JSON object, as in '{\"tasks\": 3}'"),
        ("--arch-args {", "--arch-args is not JSON: Expecting property name enclosed in double quotes: "
         "line 1 column 2 (char 1)"),
    ],
)  # fmt: skip
def test_an_option_that_cannot_be(bad, options, line):
    assert bad(*options.split()) == line


@pytest.mark.skipif(torch.cuda.is_available(), reason="the device is there")
def test_a_device_that_is_not_there(bad):
    assert bad("--device", "cuda:3") == "there is no device cuda:3: torch sees 0 CUDA devices"


@pytest.mark.parametrize(
    "option",
    [
        "--input-length 0",
        "--input-layout X",
        "--channels TGCA",
        "--target-names a,b",
        "--arch a:B",
        "--unknown 0.25",
        "--input x=zeros",
    ],
)
def test_what_our_own_format_knows_cannot_be_said_again(bad, free, option):
    """A wrong order of channels that is silently passed over would be believed."""
    assert bad(*option.split()) == (
        f"{free} is a seqattr model and knows its own input and targets: --input-length, --input-layout, "
        "--channels, --unknown, --input, --arch, --arch-args and --target-names do not go with it"
    )


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ("", "its input length must be given (--input-length L)"),
        ("--input-length 0", "the input length must be at least 1, not 0"),
        ("--input-length 9 --input-layout L", "unknown input layout 'L'; there is: N4L, NL4, N41L, N14L"),
        ("--input-length 9 --channels ACG", "channels must be an order of the letters ACGT, not 'ACG'"),
        ("--input-length 9 --target-names a", "the model has 2 targets, but 1 names were given for them"),
        ("--input-length 9 --target-names a,a", "each target needs a name of its own, not 'a', 'a'"),
        ("--input-length 9 --target-names a,", "each target needs a name of its own, not 'a', ''"),
        ("--input-length 3", "the model fails on an input of shape (3, 4, 3): "),
    ],
)
def test_what_must_be_said_of_a_foreign_model(bad, tmp_path, options, line):
    path = tmp_path / "pickle.pt"
    torch.save(nn.Sequential(nn.Conv1d(4, 2, 7), nn.AdaptiveAvgPool1d(1)), path)
    assert line in bad("--trust-model", *options.split(), model=path)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["score", "--nope"], "No such option '--nope'"),
        (["score", "--fasta", "a.fa"], "Missing option '--model'"),
        (["score", "--model", "a.pt"], "Missing option '--fasta'"),
        (["score", "--tile", "3.5"], "'3.5' is not a valid integer"),
        (["score", "--h5-dtype", "float8"], "'float8' is not one of 'float32', 'float16'"),
        (["convert", "a.pt"], "Missing option '--out'"),
        (["inspect"], "Missing argument 'MODEL'"),
        (["nothing"], "No such command 'nothing'"),
        ([], "Usage: seqattr"),
    ],
)
def test_wrong_usage_is_exit_code_2(run, options, line):
    done = run(*options)
    assert done.code == 2
    assert line in done.err
    assert "Traceback" not in done.err


def test_regions_and_tile_exclude_each_other(run, free, fasta, out):
    options = ("--regions", "a.bed", "--tile", 5)
    done = run("score", "--model", free, "--fasta", fasta(2), "--out", out, *options)
    assert done.code == 2
    assert "--regions and --tile exclude each other" in done.err


# --- places ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sizes", "line"),
    [
        ("chr1\t100\n", "record chr1:80-120 ends at 120, past the end of chr1, which has 100 bases; "
         "are these the right chromosome sizes?"),
        ("chr2\t100\n", "record chr1:80-120 lies on 'chr1', which the chromosome sizes do not list"),
        ("chr1\tmany\n", "line 1 of {} holds 'many' where a whole number belongs"),
        ("chr1\n", "line 1 of {} has one column; a chromosome's name and size were expected"),
        ("chr1\t9\nchr1\t8\n", "line 2 of {} repeats the chromosome 'chr1'"),
        ("", "{} holds no chromosome sizes; expected lines of a name and a size"),
    ],
)  # fmt: skip
def test_chromosome_sizes_that_do_not_fit(bad, fasta, tmp_path, sizes, line):
    path = tmp_path / "sizes"
    path.write_text(sizes)
    records = fasta({"chr1:80-120": "ACGTTGCAAC" * 4})
    assert bad("--chrom-sizes", path, fasta=records) == line.format(path)


@pytest.mark.parametrize(
    ("bed", "line"),
    [
        ("r0\t0\t10\n", "region r0:-15-25 lies partly outside r0, which has 40 bases"),
        ("chr9\t0\t10\n", "{fasta} has no chromosome 'chr9' (it begins with r0, r1, r2)"),
        ("r0\t10\n", "line 1 of {bed} has 2 columns; BED needs at least 3 (chromosome, start, end)"),
        ("r0\tx\t10\n", "line 1 of {bed} holds 'x' where a whole number belongs"),
        ("", "{bed} holds no regions; a BED file was expected"),
    ],
)
def test_regions_that_do_not_fit(bad, fasta, tmp_path, bed, line):
    path, genome = tmp_path / "a.bed", fasta(3)
    path.write_text(bed)
    assert bad("--regions", path, fasta=genome) == line.format(bed=path, fasta=genome)


# --- export ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["{out}"], "{out} holds several targets; say which with --target: target0, target1"),
        (["{out}", "--target", "x"], "unknown target 'x'; there is: target0, target1"),
        (["{out}", "--format", "x"], "unknown format 'x'; there is: modisco"),
        (["{out}/.."], "{out}/.. holds no scores (.h5); it should be what `seqattr score --out` wrote"),
        (["{out}/none"], "there is no folder {out}/none; it should be what `seqattr score --out` wrote"),
        (["{out}/run.json"], "{out}/run.json is a file; it should be what `seqattr score --out` "
         "wrote"),
    ],
)  # fmt: skip
def test_what_cannot_be_exported(refused, out, options, line):
    arguments = [option.format(out=out) for option in options]
    assert refused("export", *arguments) == line.format(out=out)


def test_scores_that_are_damaged(refused, tmp_path):
    (tmp_path / "a.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(90))
    assert refused("export", tmp_path).startswith(f"{tmp_path / 'a.h5'} is no whole HDF5 file: ")
    assert os.listdir(tmp_path) == ["a.h5"]
