"""PyTorch, imported so that it can live in one process with TensorFlow.

PyTorch loads triton when the first optimiser is made, and triton and TensorFlow each bring an LLVM that registers the same
options, which ends the process. Nothing here needs triton, so it is hidden.
"""

import sys

sys.modules["triton"] = None

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402, F401

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)   # what an optimiser counts in
