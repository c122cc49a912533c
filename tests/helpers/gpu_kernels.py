"""Where kernels for a GPU run in tests: where there is none, Triton's interpreter has them on the CPU."""

import torch

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
