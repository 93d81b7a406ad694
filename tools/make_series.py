"""Make sunspots.csv and sea_temperature.csv, from a statsmodels wheel."""

DATASETS = "statsmodels/datasets"
MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()


def make_sunspots(wheel):
    """Return our table: other names for the columns, the numbers as they were published."""
    header, *rows = (wheel / DATASETS / "sunspots/sunspots.csv").read_text("ascii").split()
    years = [int(row.split(",")[0]) for row in rows]
    if header != '"YEAR","SUNACTIVITY"' or years != list(range(1700, 2009)):
        raise ValueError("the file does not hold one number for each year from 1700 to 2008")
    return "\n".join(["year,number", *rows, ""]).encode("ascii")


def make_sea_temperature(wheel):
    """Return the table with a row for each month, not for each year."""
    table = (wheel / DATASETS / "elnino/elnino.csv").read_text("ascii")
    header, *rows = [line.replace('"', "").split(",") for line in table.split()]
    years = [int(year) for year, *_ in rows]
    if header != ["YEAR", *MONTHS] or years != list(range(1950, 2011)):
        raise ValueError("the file does not hold twelve numbers for each year from 1950 to 2010")
    rows = [f"{year},{month},{celsius}" for year, *row in rows
            for month, celsius in enumerate(row, start=1)]
    return "\n".join(["year,month,celsius", *rows, ""]).encode("ascii")
