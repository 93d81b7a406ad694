"""
Make the data files under bpttlib/data from the packages that publish them.

    python tools/make_data.py statsmodels-0.14.5-….whl

takes the yearly sunspot numbers from a statsmodels wheel, or from the folder in which statsmodels
is installed. Nothing is downloaded.
"""
import argparse
import hashlib
import sys
from pathlib import Path
from zipfile import BadZipFile
from zipfile import Path as ZipPath

DATA = Path(__file__).resolve().parent.parent / "bpttlib" / "data"
SUNSPOTS = "datasets/sunspots/sunspots.csv"


def main(arguments=None):
    """Write sunspots.csv and print its SHA-256."""
    parser = argparse.ArgumentParser(description="Make bpttlib/data/sunspots.csv.")
    parser.add_argument("source", type=Path, help="a statsmodels wheel, or a folder with it")
    parser.add_argument("--out", type=Path, default=DATA, help="where to write (%(default)s)")
    options = parser.parse_args(arguments)
    try:
        text = sunspots_csv(find(options.source).read_text(encoding="ascii"))
    except ValueError as error:
        sys.exit(f"make_data.py: {error}")
    file = options.out / "sunspots.csv"
    file.write_bytes(text.encode("ascii"))
    print(file, hashlib.sha256(file.read_bytes()).hexdigest())


def find(source):
    """Return the path of statsmodels' file in a wheel or in a folder."""
    try:
        root = ZipPath(source) if source.is_file() else source
    except BadZipFile:
        raise ValueError(f"{source} is neither a wheel nor a folder") from None
    for folder in ("statsmodels", "."):
        file = root / folder / SUNSPOTS
        if file.is_file():
            return file
    raise ValueError(f"{source} holds no statsmodels/{SUNSPOTS}; pass a statsmodels wheel, or the "
                     f"folder in which statsmodels is installed")


def sunspots_csv(published):
    """Return our table: other names for the columns, the numbers as they were published."""
    header, *rows = published.split()
    years = [int(row.split(",")[0]) for row in rows]
    if header != '"YEAR","SUNACTIVITY"' or years != list(range(1700, 2009)):
        raise ValueError("the file does not hold one number for each year from 1700 to 2008")
    return "\n".join(["year,number", *rows, ""])


if __name__ == "__main__":
    main()
