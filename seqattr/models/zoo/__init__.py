"""A zoo of published architectures, untrained, that read one-hot sequences (N, 4, L).

Its files in the order of reading:

table      the one table of them, and what builds them by name
parts      what several are made of: convs, blocks, a stack of layers that gives numbers for tasks
tal_gata   the CNN of the DeepLIFT paper
basset     Basset
deepsea    DeepSEA and Beluga
danq       DanQ
deepstarr  DeepSTARR
enformer   a small transformer after Enformer
bpnet      BPNet and ChromBPNet
"""

from seqattr.models.zoo.bpnet import BPNet, ChromBPNet
from seqattr.models.zoo.parts import Classifier, Conv1d, Stack
from seqattr.models.zoo.table import ARCHITECTURES, Architecture, build, trainable

__all__ = [
    "ARCHITECTURES",
    "Architecture",
    "BPNet",
    "ChromBPNet",
    "Classifier",
    "Conv1d",
    "Stack",
    "build",
    "trainable",
]
