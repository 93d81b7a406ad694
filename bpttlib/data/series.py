"""Time series: the sunspot numbers, and the sea's temperature."""
from typing import NamedTuple

import numpy as np

from bpttlib.batch import Batch
from bpttlib.data._files import read
from bpttlib.errors import require, require_array

SUNSPOT_PARTS = {"all": (1700, 2008), "train": (1700, 1920), "1921-55": (1921, 1955),
                 "1956-79": (1956, 1979)}
SEA_PARTS = {"all": (1950, 2010), "train": (1950, 1989), "valid": (1990, 1999),
             "test": (2000, 2010)}


class Sunspots(NamedTuple):
    """
    Hold the sunspot numbers, one for each year.

    Both arrays are equally long.

    Parameters
    ----------
    years : ndarray of int
        The years 1700 … 2008.
    numbers : ndarray
        The mean sunspot number of each year.

    See Also
    --------
    sunspots : Read them.

    Examples
    --------
    >>> series = Sunspots(years=np.array([1700, 1701]), numbers=np.array([5.0, 11.0]))
    >>> series.numbers[series.years == 1701]
    array([11.])
    """

    years: np.ndarray
    numbers: np.ndarray


class SeaTemperature(NamedTuple):
    """
    Hold the sea's temperature, one number for each month.

    All arrays are equally long.

    Parameters
    ----------
    years : ndarray of int
        The years 1950 … 2010, twelve times each.
    months : ndarray of int
        The months 1 … 12.
    celsius : ndarray
        The mean temperature of each month, in degrees Celsius.

    See Also
    --------
    sea_temperature : Read them.

    Examples
    --------
    >>> series = sea_temperature()
    >>> float(series.celsius[(series.years == 1998) & (series.months == 3)][0])
    29.24
    """

    years: np.ndarray
    months: np.ndarray
    celsius: np.ndarray


def sunspots(part="all"):
    """
    Return the yearly sunspot numbers of 1700 to 2008, or of a part of these years.

    They rise and fall in cycles of about eleven years, each with another height; forecasting the
    next year is a classic test.

    Parameters
    ----------
    part : {"all", "train", "1921-55", "1956-79"}
        Which years; "train" stands for 1700–1920.

    Returns
    -------
    Sunspots
        Years and numbers, in arrays of your own.

    See Also
    --------
    one_step_ahead : Make a task of them.
    bpttlib.data.baselines.persistence : Forecast that nothing changes.
    bpttlib.data.baselines.autoregression : Forecast by a linear model.

    Notes
    -----
    By custom one trains on 1700–1920 and reports the mean squared error of one-year-ahead
    forecasts on 1921–1955 and on 1956–1979, divided by the variance of the whole series up to
    1979, that is 1495.6. Saying that next year will be like this one ("persistence") then gives
    0.427 and 0.965; a linear model of the last twelve years, fitted by least squares, 0.130 and
    0.368. The second period is harder: it has the highest maximum of all.

    References
    ----------
    Weigend, Huberman and Rumelhart 1990, Predicting the future: a connectionist approach,
    International Journal of Neural Systems 1(3).

    Examples
    --------
    >>> years, numbers = sunspots()
    >>> print(years[0], years[-1], years[numbers.argmax()], numbers.max())
    1700 2008 1957 190.2
    >>> test = np.isin(years[1:], sunspots("1921-55").years)
    >>> persistence = np.mean(np.diff(numbers)[test] ** 2) / numbers[years <= 1979].var()
    >>> float(persistence.round(3))
    0.427
    """
    years, numbers = _columns("sunspots", part, SUNSPOT_PARTS)
    return Sunspots(years.astype(int), numbers)


def sea_temperature(part="all"):
    """
    Return the monthly temperature of the sea off Peru, 1950 to 2010, or a part of it.

    It goes with the seasons; but in some years, those of El Niño, it stays some degrees warmer.
    A forecast has to know the month, and what the last months were like.

    Parameters
    ----------
    part : {"all", "train", "valid", "test"}
        Which years: "train" stands for 1950–1989, "valid" for 1990–1999, "test" for 2000–2010.

    Returns
    -------
    SeaTemperature
        Years, months and temperatures, in arrays of your own.

    See Also
    --------
    one_step_ahead : Make a task of them.
    bpttlib.data.baselines.persistence : Forecast that all is as it was twelve months ago.

    Notes
    -----
    These are means over the sea between 0° and 10° south and 90° and 80° west, called Niño 1+2.
    The root mean squared errors of one-month-ahead forecasts on the part "test", saying that the
    next month will be like this one, or like the same month last year, or by a linear model of the
    last 24 months fitted to "train": 1.171, 1.151 and 0.484 degrees.

    Examples
    --------
    >>> years, months, celsius = sea_temperature("train")
    >>> celsius.reshape(40, 12).mean(axis=0).round(1)
    array([24.2, 25.7, 26.1, 25.3, 24. , 22.7, 21.6, 20.7, 20.4, 20.7, 21.4,
           22.6])
    """
    years, months, celsius = _columns("sea_temperature", part, SEA_PARTS)
    return SeaTemperature(years.astype(int), months.astype(int), celsius)


def _columns(name, part, parts):
    """Return the columns of a table whose first is the year, for the years of a part."""
    lines = read(name, part, parts).split()
    columns = np.loadtxt(lines, delimiter=",", skiprows=1, unpack=True)
    first, last = parts[part]
    return columns[:, (first <= columns[0]) & (columns[0] <= last)]


def one_step_ahead(series):
    """
    Make a task of a series: at each step read one value, and forecast the next.

    The result is one long sequence; :func:`bpttlib.tasks.windows` cuts it into pieces.

    Parameters
    ----------
    series : array_like
        The values v_1 … v_n, at least two.

    Returns
    -------
    Batch
        Inputs v_1 … v_{n-1} and targets v_2 … v_n, both of shape (n - 1, 1, 1).

    See Also
    --------
    sunspots : A series.
    bpttlib.tasks.windows : Cuts a long sequence into pieces.

    Examples
    --------
    >>> batch = one_step_ahead([5.0, 11.0, 16.0])
    >>> batch.x.ravel(), batch.targets.ravel()
    (array([ 5., 11.]), array([11., 16.]))
    """
    series = require_array("series", series, ("n",), kinds="iuf").astype(float)
    require(len(series) >= 2, "series", "a single value", "at least two values")
    return Batch(series[:-1, None, None], series[1:, None, None])
