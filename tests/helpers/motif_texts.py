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
    "TRANSFAC": TRANSFAC,
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
