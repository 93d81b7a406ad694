"""Baselines: what a network must beat, to be worth its training."""
from typing import NamedTuple

import numpy as np

from bpttlib.errors import require, require_array, require_whole


def persistence(values, lag=1):
    """
    Forecast v̂_t = v_{t-lag}, that a value is what it was lag steps before.

    With lag = 12, each month will be like the same month last year.

    Parameters
    ----------
    values : array_like
        The values v_1 … v_n.
    lag : int, default 1
        How far back.

    Returns
    -------
    ndarray
        The forecasts of v_1 … v_n, each from the values before; NaN for the first lag of them.

    See Also
    --------
    autoregression : A forecast from several values.

    Examples
    --------
    >>> persistence([5.0, 11.0, 16.0])
    array([nan,  5., 11.])
    """
    values = require_array("values", values, ("n",), kinds="iuf")
    require_whole("lag", lag)
    forecast = np.full(len(values), np.nan)
    forecast[lag:] = values[:-lag]
    return forecast


class Autoregression(NamedTuple):
    """
    Hold a linear model of a series, v̂_t = b + w_1 v_{t-p} + … + w_p v_{t-1}.

    The latest value comes last.

    Parameters
    ----------
    b : float
        The constant.
    w : ndarray
        The p weights.

    See Also
    --------
    autoregression : Fit one.

    Examples
    --------
    >>> double = Autoregression(b=0.0, w=np.array([2.0]))
    >>> double.one_step([1.0, 3.0]), double.go_on([1.0, 3.0], n=2)
    (array([nan,  2.]), array([ 6., 12.]))
    """

    b: float
    w: np.ndarray

    def one_step(self, values):
        """
        Forecast each value from the true values before it.

        The errors of such forecasts do not add up.

        Parameters
        ----------
        values : array_like
            The values v_1 … v_n.

        Returns
        -------
        ndarray
            The forecasts of v_1 … v_n; NaN for the first p of them.

        See Also
        --------
        go_on : Forecast further.

        Examples
        --------
        >>> Autoregression(b=1.0, w=np.array([0.0, 2.0])).one_step([1.0, 3.0, 0.0])
        array([nan, nan,  7.])
        """
        values = require_array("values", values, ("n",), kinds="iuf")
        forecast = np.full(len(values), np.nan)
        forecast[len(self.w):] = self.b + _past(values, len(self.w)) @ self.w
        return forecast

    def go_on(self, values, n):
        """
        Forecast n values after the last, each from the forecasts before it.

        The errors of such forecasts grow.

        Parameters
        ----------
        values : array_like
            The values so far, at least p.
        n : int
            How many to forecast.

        Returns
        -------
        ndarray
            The n forecasts.

        See Also
        --------
        one_step : Forecast one step from true values.

        Examples
        --------
        >>> Autoregression(b=1.0, w=np.array([0.0, 2.0])).go_on([1.0, 3.0], n=3)
        array([ 7., 15., 31.])
        """
        values = require_array("values", values, ("n",), kinds="iuf").astype(float)
        p = len(self.w)
        require(len(values) >= p, "values", f"{len(values)} of them", f"at least p = {p}")
        require_whole("n", n)
        series = [*values]
        for _ in range(n):
            series.append(self.b + self.w @ series[-p:])
        return np.array(series[-n:])


def autoregression(values, p):
    """
    Fit v̂_t = b + w_1 v_{t-p} + … + w_p v_{t-1} by least squares.

    The best linear forecast there is from the last p values.

    Parameters
    ----------
    values : array_like
        The values v_1 … v_n to fit; more than 2p.
    p : int
        How far back the forecast looks.

    Returns
    -------
    Autoregression
        The model.

    See Also
    --------
    persistence : The simplest forecast.

    Examples
    --------
    >>> b, w = autoregression([1.0, 2.0, 4.0, 8.0, 16.0], p=1)
    >>> w.round(6)
    array([2.])
    """
    values = require_array("values", values, ("n",), kinds="iuf")
    require_whole("p", p)
    require(len(values) > 2 * p, "values", f"{len(values)} of them", f"more than 2p = {2 * p}")
    past = np.c_[np.ones(len(values) - p), _past(values, p)]
    (b, *w), *_ = np.linalg.lstsq(past, values[p:])
    return Autoregression(float(b), np.array(w))


def _past(values, p):
    """Return the p values before each value that has so many, of shape (n - p, p)."""
    if len(values) <= p:
        return np.empty((0, p))
    return np.lib.stride_tricks.sliding_window_view(values[:-1], p)


def witten_bell(train, text, order, K):
    """
    Return p(s | u) = (c(us) + d(u) p(s | u')) / (c(u) + d(u)) of each symbol s of a text.

    The probabilities of an interpolated n-gram: u are the order-1 symbols before s, and u' is u
    without its first; c counts in the training text, and d(u) is how many different symbols follow
    u there. Nothing needs to be chosen. Where u was never seen, u' alone decides; below the first
    order all K symbols are equally likely.

    Parameters
    ----------
    train, text : ndarray of int
        Symbols 0 … K-1.
    order : int
        How many symbols a gram has; 1 looks at none before.
    K : int
        How many symbols there are.

    Returns
    -------
    ndarray
        The probability of each symbol of the text.

    See Also
    --------
    bpttlib.data.characters : A text.

    References
    ----------
    Witten and Bell 1991, The zero-frequency problem: estimating the probabilities of novel events
    in adaptive text compression, IEEE Transactions on Information Theory 37(4), method C.

    Examples
    --------
    >>> train, text = np.array([0, 1, 0, 1, 1]), np.array([0, 1])
    >>> witten_bell(train, text, order=1, K=2).round(4)
    array([0.4286, 0.5714])
    >>> witten_bell(train, text, order=2, K=2).round(4)
    array([0.4286, 0.8571])
    """
    require_whole("order", order)
    require_whole("K", K, least=2)
    require(K ** order < 2 ** 63, "order", order, f"fewer, for K = {K} symbols: K^order < 2^63")
    train, text = (require_array(name, symbols, ("n",), kinds="iu").astype(np.int64)
                   for name, symbols in (("train", train), ("text", text)))
    require(len(train) >= order, "train", f"{len(train)} symbols", f"at least {order}")
    for name, symbols in (("train", train), ("text", text)):
        require((symbols.min() >= 0) & (symbols.max() < K), name,
                f"{symbols.min()} to {symbols.max()}", f"symbols from 0 to {K - 1}, since K = {K}")
    p = np.full(len(text), 1 / K)
    for n in range(1, min(order, len(text)) + 1):
        grams, count = np.unique(_grams(train, n, K), return_counts=True)       # c(us)
        before, start = np.unique(grams // K, return_index=True)                # each u
        total = np.add.reduceat(count, start)                                   # c(u)
        followers = np.diff(start, append=len(grams))                           # d(u)
        asked = _grams(text, n, K)
        c_us, c_u = _find(grams, count, asked), _find(before, total, asked // K)
        d = np.where(c_u > 0, _find(before, followers, asked // K), 1)
        p[n - 1:] = (c_us + d * p[n - 1:]) / (c_u + d)
    return p


def _grams(symbols, n, K):
    """Return a number for each n symbols in a row: their digits in base K."""
    return sum(symbols[k:len(symbols) - n + 1 + k] * K ** (n - 1 - k) for k in range(n))


def _find(keys, values, wanted):
    """Return the value of each wanted key; 0 where it is none of the sorted keys."""
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], 0)
