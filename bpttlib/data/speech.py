"""Speech: nine men say two Japanese vowels, and the question is who it is."""
from typing import NamedTuple

import numpy as np

from bpttlib.data._files import read
from bpttlib.tasks import padded

PARTS = ("train", "test")


class Utterances(NamedTuple):
    """
    Hold utterances of different lengths, filled up with zeros to the longest.

    Row t-1 is frame t.

    Parameters
    ----------
    x : ndarray
        The 12 cepstral coefficients of each frame, of shape (T, 12, B).
    mask : ndarray of bool
        Which frames there are, of shape (T, B).
    labels : ndarray of int
        Who speaks, 0 … 8, of shape (B,).

    See Also
    --------
    japanese_vowels : Read them.

    Examples
    --------
    >>> test = japanese_vowels("test")
    >>> test.x.shape, test.mask.sum(axis=0).min(), np.bincount(test.labels)
    ((29, 12, 370), np.int64(7), array([31, 35, 88, 44, 29, 24, 40, 50, 29]))
    """

    x: np.ndarray
    mask: np.ndarray
    labels: np.ndarray

    def batch(self, which=slice(None)):
        """
        Return utterances as a many-to-one task: the speaker is asked for at each one's last frame.

        Give numbers of utterances for a small batch, or an order for another one.

        Parameters
        ----------
        which : ndarray of int or slice, default slice(None)
            Which utterances; all by default.

        Returns
        -------
        Batch
            Inputs (T, 12, B), labels and mask (T, B); the mask is True at the last frames alone.

        See Also
        --------
        bpttlib.tasks.padded : Makes it.

        Examples
        --------
        >>> batch = japanese_vowels("train").batch([0, 269])
        >>> batch.x.shape, np.argwhere(batch.mask), batch.targets[batch.mask]
        ((20, 12, 2), array([[ 8,  1],
               [19,  0]]), array([8, 0]))
        """
        x, mask, labels = self.x[..., which], self.mask[:, which], self.labels[which]
        return padded([x[mask[:, b], :, b] for b in range(len(labels))], labels.tolist())


def japanese_vowels(part="train"):
    """
    Return utterances of nine speakers; the task is to tell who speaks.

    Each utterance is the Japanese vowels a and e, spoken one after the other: 7 to 29 frames of
    twelve cepstral coefficients, which describe the shape of the sound's spectrum.

    Parameters
    ----------
    part : {"train", "test"}
        The published split: 270 utterances, 30 of each speaker in turn, or 370.

    Returns
    -------
    Utterances
        Inputs, mask and labels, in arrays of your own.

    See Also
    --------
    Utterances.batch : Make a task of them.

    Notes
    -----
    Published shares of right answers on the test utterances: 94.1 % by Kudo and others, 96.2 % by
    a hidden Markov model, both in the paper. There are no utterances for validation; to choose
    settings keep some of the training utterances aside.

    References
    ----------
    Kudo, Toyama and Shimbo 1999, Multidimensional curve classification using passing-through
    regions, Pattern Recognition Letters 20(11–13), 1103–1111.

    Examples
    --------
    >>> x, mask, labels = japanese_vowels("train")
    >>> x.shape, mask.shape, labels.shape, float(x[0, 0, 0])
    ((26, 12, 270), (26, 270), (270,), 1.860936)
    """
    rows = [line.split(",", 3) for line in read("japanese_vowels", part, PARTS).split()]
    rows = [row[1:] for row in rows if row[0] == part]
    number, speaker = np.array([row[:2] for row in rows], int).T
    frames = np.loadtxt([row[2] for row in rows], delimiter=",")
    starts = np.flatnonzero(np.diff(number, prepend=-1))
    step = np.arange(len(frames)) - starts[number]
    x = np.zeros((step.max() + 1, 12, len(starts)))
    mask = np.zeros((len(x), len(starts)), bool)
    x[step, :, number], mask[step, number] = frames, True
    return Utterances(x, mask, speaker[starts] - 1)
