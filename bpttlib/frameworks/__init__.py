"""
Bridges to frameworks: parameters from and to PyTorch and Keras, exactly or not at all.

No framework is needed for it: their weights are arrays.
"""
from bpttlib.frameworks.keras import from_keras, to_keras
from bpttlib.frameworks.pytorch import from_pytorch, to_pytorch

__all__ = ["from_keras", "from_pytorch", "to_keras", "to_pytorch"]
