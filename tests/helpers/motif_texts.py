"""One small motif as the text of every format."""

import numpy as np

COUNTS = np.array([[1, 0, 10], [2, 0, 0], [3, 0, 0], [4, 10, 0]])
MATRIX = COUNTS / 10
MEME = "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF m1 other\nletter-probability matrix: alength= 4 w= 3\n"
POSITIONS = ".1 .2 .3 .4\n0 0 0 1\n1 0 0 0\n"
HOMER = ">TTA\tm1\t6.5\t-10\t0\n" + POSITIONS.replace(" ", "\t")
ENCODE = ">m1 m1_K562:MEME#1\nN .1 .2 .3 .4\nT 0 0 0 1\nA 1 0 0 0\n"
ROWS = "A 1 0 10\nC 2 0 0\nG 3 0 0\nT 4 10 0\n"
JASPAR = ">m1\nA [ 1 0 10 ]\nC [ 2 0 0 ]\nG [ 3 0 0 ]\nT [ 4 10 0 ]\n"
RAW = "1 0 10\n2 0 0\n3 0 0\n4 10 0\n"
TRANSFAC = "AC  m1\nXX\nID  m1\nXX\nP0  A C G T\n01  1 2 3 4\n02  0 0 0 10\n03  10 0 0 0\nXX\n//\n"
STREME_XML = """<STREME version="5.5.5" release="Thu Sep 7 15:16:50 2023 -0700">
<model><strands>both</strands>
<alphabet name="DNA" like="dna">
<letter id="A" symbol="A" complement="T"/><letter id="T" symbol="T"/></alphabet>
</model>
<motifs><motif id="m1" alt="STREME-1" width="3" nsites="20">
<pos A="0.1" C="0.2" G="0.3" T="0.4"/>
<pos A="0" C="0" G="0" T="1"/>
<pos A="1" C="0" G="0" T="0"/>
</motif></motifs></STREME>
"""
_VALUES = "".join(f'<value letter_id="{base}">{{}}</value>\n' for base in "ACGT")
MEME_XML = (
    """<?xml version='1.0' encoding='UTF-8' standalone='yes'?>
<!-- Document definition -->
<!DOCTYPE MEME[
<!ELEMENT MEME (training_set, model, motifs, scanned_sites_summary?)>
<!ATTLIST MEME version CDATA #REQUIRED>
]>
<MEME version="5.5.5" release="Thu Sep 7 15:16:50 2023 -0700">
<motifs><motif id="motif_1" name="m1" alt="MEME-1" width="3" sites="20">
<scores><alphabet_matrix>"""
    + 3 * f"<alphabet_array>{_VALUES.format(-80, 10, 20, 30)}</alphabet_array>"
    + "</alphabet_matrix></scores><probabilities><alphabet_matrix>"
    + "".join(f"<alphabet_array>\n{_VALUES.format(*column)}</alphabet_array>\n" for column in MATRIX.T)
    + "</alphabet_matrix></probabilities></motif></motifs></MEME>\n"
)
FIELDS = "TF\tT093250_2.00\nTF Name\t\nGene\tENSG1\nMotif\tm1\nFamily\tbZIP\nSpecies\tHomo_sapiens\n"
CIS_BP = FIELDS + "Pos\tA\tC\tG\tT\n1\t.1\t.2\t.3\t.4\n2\t0\t0\t0\t1\n3\t1\t0\t0\t0\n"
SITES, PSEUDOCOUNT = 10, np.log(10)


def log_odds(logarithm=np.log) -> str:
    """As HOCOMOCO makes pwm of pcm: log((count + k / 4) / (n + k) * 4), where k is the logarithm of n."""
    weights = logarithm((COUNTS + PSEUDOCOUNT / 4) / (SITES + PSEUDOCOUNT) * 4)
    return ">m1\n" + "".join("\t".join(f"{value:.17g}" for value in row) + "\n" for row in weights.T)


STAMP = "DE\tm1\n0\t1\t2\t3\t4\tN\n1\t0\t0\t0\t10\tT\n2\t10\t0\t0\t0\tA\nXX\n"

GOOD = {
    "MEME": MEME + POSITIONS,
    "HOMER": HOMER,
    "HOMER with three fields": HOMER.replace("\t-10\t0", ""),
    "ENCODE": ENCODE,
    "JASPAR": JASPAR,
    "JASPAR, no blanks": JASPAR.replace("[ ", "[").replace(" ]", "]"),
    "JASPAR, raw": ">m1\n" + RAW,
    "JASPAR, transposed": ">m1\n1 2 3 4\n0 0 0 10\n10 0 0 0\n",
    "JASPAR, bases in another order": ">m1\nT 4 10 0\nC 2 0 0\nG 3 0 0\nA 1 0 10\n",
    "JASPAR, RNA": JASPAR.replace("T [", "U ["),
    "JASPAR, as HOCOMOCO's pcm": ">m1\n1.0\t2.0\t3.0\t4.0\n0.0\t0.0\t0.0\t10.0\n10.0\t0.0\t0.0\t0.0\n",
    "CIS-BP": CIS_BP,
    "CIS-BP of RNA": CIS_BP.replace("TF", "RBP").replace("G\tT", "G\tU"),
    "MEME XML": STREME_XML,
    "MEME XML of MEME": MEME_XML,
    "MEME XML of an older MEME": MEME_XML.replace('id="A', 'id="letter_A').replace("</MEME>", "</MEME >"),
    "MEME XML of DREME": STREME_XML.replace("STREME", "dreme").replace('id="m1"', 'id="m01" seq="m1"'),
    "TRANSFAC": TRANSFAC,
    "TRANSFAC, spelt PO": TRANSFAC.replace("P0", "PO").replace("A C G T", "a c g t"),
    "TRANSFAC, more lines": TRANSFAC.replace(
        "XX\n//", "BA  10 sites\nXX\nBS  R05108; 01;\nCC  AC: 7\nXX\n//"
    ),
    "TRANSFAC of STAMP": STAMP,
    "TRANSFAC, no end": TRANSFAC.replace("XX\n//\n", ""),
    "matrix": RAW,
    "matrix of four columns": POSITIONS,
    "matrix with commas": RAW.replace(" ", ","),
    "matrix with tabs": RAW.replace(" ", "\t"),
    "matrix, scaled unevenly": "1 0 7\n2 0 0\n3 0 0\n4 9 0\n",
    "matrix of counts with fractions": "1.5 0 15\n3 0 0\n4.5 0 0\n6 15 0\n",
    "matrix with named rows": ROWS,
    "matrix with named columns": "Pos\tA\tC\tG\tT\n1\t.1\t.2\t.3\t.4\n2\t0\t0\t0\t1\n3\t1\t0\t0\t0\n",
    "matrix with columns in another order": "T G C A\n.4 .3 .2 .1\n1 0 0 0\n0 0 0 1\n",
    "matrix with a comment": "# mine\n" + RAW,
    "matrix rounded": POSITIONS.replace(".1 .2 .3 .4", ".101 .202 .303 .404"),
}
