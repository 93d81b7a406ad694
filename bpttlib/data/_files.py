"""Reading the files beside this one, and making sure that they are whole."""
import bz2
import hashlib
from importlib.resources import files

from bpttlib.data.catalogue import datasets
from bpttlib.errors import require


def read(name, part, parts):
    """Return the text of a data set's file, once the part's name and the checksum are right."""
    require(part in parts, "part", repr(part), "one of " + ", ".join(map(repr, parts)))
    (dataset,) = (d for d in datasets() if d.name == name)
    content = (files("bpttlib.data") / dataset.file).read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    require(sha256 == dataset.sha256, dataset.file, f"a file with SHA-256 {sha256[:12]}…",
            f"{dataset.sha256[:12]}…, as it came with the library; install the library again")
    return (bz2.decompress(content) if dataset.file.endswith(".bz2") else content).decode("utf-8")
