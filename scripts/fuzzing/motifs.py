"""Motif files in every format."""

import random
from pathlib import Path

import numpy as np

from fuzzing.mutations import mutate
from fuzzing.reader import Files, check_lines
from seqattr.io.motifs.meme import read_meme, write_meme
from seqattr.motifs.sources import read_motifs

MEME = b"""MEME version 4

ALPHABET= ACGT

strands: + -

Background letter frequencies
A 0.25 C 0.25 G 0.25 T 0.25

MOTIF M1 first
letter-probability matrix: alength= 4 w= 3 nsites= 20 E= 0
0.1 0.2 0.3 0.4
1.0 0.0 0.0 0.0
0.25 0.25 0.25 0.25
URL http://example.org

MOTIF MA0140.2 GATA1::TAL1
letter-probability matrix: alength= 4 w= 2
0.5 0.5 0 0
0 0 0.5 0.5
"""
OUTPUT = b"""********************************************************************************
MEME - Motif discovery tool
********************************************************************************
MEME version 5.5.5 (Release date: Thu Sep 7 15:16:50 2023)

ALPHABET "DNA" DNA-LIKE
A "Adenine" CC0000 ~ T "Thymine" 008000
C "Cytosine" 0000CC ~ G "Guanine" FFB300
N "Any base" = ACGT
END ALPHABET

MOTIF TGACTC MEME-1\twidth =   2  sites =  17  llr = 200  E-value = 1.1e-060
--------------------------------------------------------------------------------
\tMotif TGACTC MEME-1 Description
Simplified        A  :a
pos.-specific     C  ::
letter-probability matrix: alength= 4 w= 2 nsites= 17 E= 1.1e-060
 0.000000  0.000000  0.000000  1.000000
 0.000000  0.000000  1.000000  0.000000
--------------------------------------------------------------------------------
"""
JASPAR = b""">MA0004.1 Arnt
A  [     4     19      0      0      0      0 ]
C  [    16      0     20      0      0      0 ]
G  [     0      1      0     20      0     20 ]
T  [     0      0      0      0     20      0 ]
>MA0006.1\tAhr::Arnt
A  [     3      0 ]
C  [     8      0 ]
G  [     2     23 ]
T  [    11      1 ]
"""
BARE = b">one\n4 19 0\n16 0 20\n0 1 0\n0 0 0\n>two\n1 2\n3 4\n5 4\n1 0\n"
HOMER = b""">NATGASTCA\tAP-1(bZIP)/x\t6.05\t-500.1\t0\tT:100,P:1e-200
0.419\t0.275\t0.277\t0.028
0.001\t0.001\t0.001\t0.997
>TGAC\tTwo\t3.0
0.25\t0.25\t0.25\t0.25
"""
ENCODE = b">AP1_disc1 AP1#x\nT 0.0 0.1 0.0 0.9\nG 0 0 1 0\nN 0.25 0.25 0.25 0.25\n>B\nA 1 0 0 0\n"
TRANSFAC = b"""VV  TRANSFAC
//
AC  MA0004.1
XX
ID  Arnt
XX
P0      A      C      G      T
01    4.0   16.0    0.0    0.0      C
02   19.0    0.0    1.0    0.0      A
XX
//
ID  second
PO  A C G U
1 1 2 3 4
2 4 3 2 1
//
"""
PLAIN = b"Pos A C G T\n1 0.1 0.2 0.3 0.4\n2 0.25 0.25 0.25 0.25\n3 1 0 0 0\n"
ROWS = b"A|\t1\t2\t3\t4\t5\nC|\t5\t4\t3\t2\t1\nG|\t0\t0\t0\t1\t1\nT|\t1\t1\t1\t0\t0\n"
SEEDS = (MEME, OUTPUT, JASPAR, BARE, HOMER, ENCODE, TRANSFAC, PLAIN, ROWS)


class Motifs:
    """One file; sometimes with the beginning of one format and the rest of another."""

    def make(self, rng: random.Random) -> Files:
        content = rng.choice(SEEDS)
        if rng.random() < 0.1:
            other = rng.choice(SEEDS)
            content = content[: rng.randrange(len(content))] + other[rng.randrange(len(other)) :]
        content = content * rng.choice((1, 1, 1, 1, 2, 30)) if rng.random() < 0.3 else content
        return {rng.choice(("m.txt", "\u00e9 (1).meme", "m.gz")): mutate(content, rng)}

    def read(self, folder: Path, rng: random.Random) -> None:
        (path,) = (path for path in folder.iterdir() if path.name != "case.json")
        told: list[str] = []
        try:
            motifs = read_motifs([path], strict=rng.random() < 0.3, warn=told.append)
        finally:
            check_lines(*told)
        for name, motif in motifs.items():
            assert name == motif.name
            assert name.strip()
            assert np.isfinite(motif.probabilities).all()
            assert (motif.probabilities >= 0).all()
            assert abs(motif.probabilities.sum(axis=0) - 1).max() < 1e-9
        tables = {name: motif.probabilities for name, motif in motifs.items() if len(name.split()) == 1}
        write_meme(folder / "again.txt", tables)
        again = read_meme(folder / "again.txt") if tables else {}
        assert all(abs(table - tables[name]).max() < 2e-6 for name, table in again.items())
        assert len(again) == len(tables)
