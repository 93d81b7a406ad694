"""Train the four small networks of the experiment on gates: python -m tools.train_gates"""

from pathlib import Path

import numpy as np

from bpttlib.widgets._gates import train

FILE = Path(__file__).resolve().parents[1] / "bpttlib" / "data" / "gates.npz"


def main():
    """Write their parameters into bpttlib/data; it takes about ten seconds."""
    np.savez_compressed(FILE, **train())
    print(FILE.name, FILE.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
