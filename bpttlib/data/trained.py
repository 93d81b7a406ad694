"""Trained networks that come with the library, so that nobody has to wait for them."""
import hashlib
import io
from importlib.resources import files

import numpy as np

from bpttlib.errors import require

SHA256 = {
    "language": "45f7010cb2998f8516783e2160927d80d85cd2c0962b4beec0a48cc085646b67",
    "conversation": "cc909b6a1bd09e71829ef47db23a4f3ac97cc28256d70fedfdec35c56debcfde",
}


def trained(name):
    """
    Return the arrays of a training that took minutes: parameters, and what was measured.

    `python -m tools.train_language` and `python -m tools.train_conversation` made them. They are
    stored in half precision, and come back in single precision.

    Parameters
    ----------
    name : {"language", "conversation"}
        Which training.

    Returns
    -------
    dict
        From a name to an array of your own.

    See Also
    --------
    bpttlib.saving.save_state : Keep a training of your own.

    Examples
    --------
    >>> trained("language")["model.cell.W_hh"].shape
    (512, 128)
    """
    require(name in SHA256, "name", repr(name), "one of " + ", ".join(map(repr, SHA256)))
    content = (files("bpttlib.data") / f"{name}.npz").read_bytes()
    found = hashlib.sha256(content).hexdigest()
    require(found == SHA256[name], f"{name}.npz", f"a file with SHA-256 {found[:12]}…",
            f"{SHA256[name][:12]}…, as it came with the library; install the library again")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {key: array.astype(np.float32) if array.dtype == np.float16 else array
                for key, array in arrays.items()}
