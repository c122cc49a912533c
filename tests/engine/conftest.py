"""Models this small only lose by a second thread."""

import torch

torch.set_num_threads(1)
