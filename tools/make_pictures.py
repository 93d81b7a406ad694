"""Draw the pictures that the README shows: python -m tools.make_pictures"""

from pathlib import Path

from bpttlib.plots import draw_unfolding

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "pictures"


def main():
    """Write each picture into docs/pictures."""
    draw_unfolding(T=4, backward=True).savefig(FOLDER / "unfolding.png", dpi=110,
                                               metadata={"Software": None})


if __name__ == "__main__":
    main()
