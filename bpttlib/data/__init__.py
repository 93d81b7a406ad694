"""Real data, small enough to come with the library; LICENSES.md says from where."""
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from bpttlib.batch import Batch
from bpttlib.errors import require, require_array


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


def sunspots():
    """
    Return the yearly sunspot numbers of 1700 to 2008.

    They rise and fall in cycles of about eleven years, each with another height; forecasting the
    next year is a classic test.

    Returns
    -------
    Sunspots
        Years and numbers, in arrays of your own.

    See Also
    --------
    one_step_ahead : Make a task of them.

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
    >>> test = (1921 <= years[1:]) & (years[1:] <= 1955)
    >>> persistence = np.mean(np.diff(numbers)[test] ** 2) / numbers[years <= 1979].var()
    >>> float(persistence.round(3))
    0.427
    """
    with (files(__name__) / "sunspots.csv").open(encoding="ascii") as file:
        years, numbers = np.loadtxt(file, delimiter=",", skiprows=1, unpack=True)
    return Sunspots(years.astype(int), numbers)


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
