"""Motif files in every format."""

import io
import random
from pathlib import Path

import h5py
import numpy as np

from fuzzing.mutations import mutate
from fuzzing.reader import Files, check_lines, each
from fuzzing.stores import change_dataset
from seqattr.io.motifs.meme import read_meme, write_meme
from seqattr.io.motifs.modisco import read_modisco
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
RSAT = b"""AC  homer_1
XX
ID  homer_1
XX
DE  TTSATA
P0       a     c     g     t
1    196.24 170.64 122.29 2354.83
2    307.15 34.13 870.26 1632.46
XX
CC  program: Homer
XX
//
"""
STAMP = b"DE\tMA0001.1\tAGL3\n0\t0\t94\t1\t2\tC\n1\t3\t75\t0\t19\tC\nXX\nDE\tm2\n0\t1\t2\t3\t4\tN\nXX\n"
HOCOMOCO = (
    b">AHR.H12CORE.0.P.B\n40.5\t18.25\t56.41\t38.77\n10.877\t11.87\t34.66\t96.55\n"
    b">AIRE_HUMAN.H11MO.0.C\n16.428\t10.795\t5.163\t8.918\n"
)
LOG_ODDS = (
    b">AHR_HUMAN.H11MO.0.B\n0.049\t-0.715\t0.372\t0.003\n-1.188\t-1.108\t-0.102\t0.907\n"
    b">B\n0.0\t0.0\t0.0\t0.0\n"
)
CIS_BP = b"""TF\tT093250_2.00
TF Name\tCEBPA
Gene\tENSG00000245848
Motif\tM00998_2.00
Family\tbZIP
Species\tHomo_sapiens
Pos\tA\tC\tG\tT
1\t0.4\t0.1\t0.3\t0.2
2\t0.0\t0.0\t0.0\t1.0

RBP\tT1
RBP Name\tELAVL1
Motif\tM001_0.6
Pos\tA\tC\tG\tU
1\t0.25\t0.25\t0.25\t0.25
"""
STREME = b"""<STREME version="5.5.5" release="Thu Sep 7 15:16:50 2023 -0700">
<model><strands>both</strands>
<alphabet name="DNA" like="dna"><letter id="A" symbol="A" complement="T"/></alphabet></model>
<motifs><motif id="1-TGAC" alt="STREME-1" width="2"><pos A="0.1" C="0.2" G="0.3" T="0.4"/>
<pos A="1" C="0" G="0" T="0"/></motif></motifs></STREME>
"""
MEME_XML = b"""<?xml version='1.0' encoding='UTF-8' standalone='yes'?>
<!DOCTYPE MEME[
<!ELEMENT MEME (training_set, model, motifs, scanned_sites_summary?)>
]>
<MEME version="5.5.5"><motifs><motif id="motif_1" name="TGAC" alt="MEME-1" width="1">
<scores><alphabet_matrix><alphabet_array><value letter_id="A">-8</value></alphabet_array>
</alphabet_matrix></scores>
<probabilities><alphabet_matrix><alphabet_array>
<value letter_id="A">0.7</value><value letter_id="C">0.1</value>
<value letter_id="G">0.1</value><value letter_id="T">0.1</value>
</alphabet_array></alphabet_matrix></probabilities></motif></motifs></MEME>
"""
PLAIN = b"Pos A C G T\n1 0.1 0.2 0.3 0.4\n2 0.25 0.25 0.25 0.25\n3 1 0 0 0\n"
ROWS = b"A|\t1\t2\t3\t4\t5\nC|\t5\t4\t3\t2\t1\nG|\t0\t0\t0\t1\t1\nT|\t1\t1\t1\t0\t0\n"
SEEDS = (
    *(MEME, OUTPUT, STREME, MEME_XML, JASPAR, BARE, HOCOMOCO, LOG_ODDS, HOMER, ENCODE),
    *(CIS_BP, TRANSFAC, RSAT, STAMP, PLAIN, ROWS),
)


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
        check_motifs(path, rng)


class Discovered:
    """What modisco-lite found, some of it changed."""

    def __init__(self) -> None:
        rng, shapes = np.random.default_rng(0), {"pos_patterns/pattern_0": 9, "neg_patterns/pattern_1": 30}
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as file:
            file.attrs["window_size"] = 400
            for name, width in shapes.items():
                group = file.create_group(name)
                group["sequence"] = rng.dirichlet(np.ones(4), width)
                group["contrib_scores"] = group["hypothetical_contribs"] = rng.normal(0, 1, (width, 4))
                group["seqlets/n_seqlets"], group["seqlets/example_idx"] = np.array([9]), np.arange(9)
                group.attrs["nearest"] = np.bytes_("CTCF")
        self.content = buffer.getvalue()

    def make(self, rng: random.Random) -> Files:
        return {"m.h5": change_dataset("m.h5", self.content, rng)}

    def read(self, folder: Path, rng: random.Random) -> None:
        each(lambda: check_motifs(folder / "m.h5", rng), lambda: read_modisco(folder / "m.h5"))


def check_motifs(path: Path, rng: random.Random) -> None:
    """All that is read are motifs; some are written, which takes a disk its time, and read again."""
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
        weights = motif.contributions
        assert weights is None or (weights.shape == motif.probabilities.shape and np.isfinite(weights).all())
    if rng.random() < 0.8:
        return
    tables = {name: motif.probabilities for name, motif in motifs.items() if len(name.split()) == 1}
    written = path.with_name("again.txt")
    write_meme(written, tables)
    again = read_meme(written) if tables else {}
    assert all(abs(table - tables[name]).max() < 2e-6 for name, table in again.items())
    assert len(again) == len(tables)
