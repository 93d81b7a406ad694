"""A model whose training step stores few states, for sequences too long for a tape."""
from typing import NamedTuple

import numpy as np

from bpttlib.batch import Step
from bpttlib.checkpoint import checkpointed_bptt
from bpttlib.errors import require, require_array
from bpttlib.losses import LOSSES
from bpttlib.model import Model
from bpttlib.params import ModelParams, tree_map
from bpttlib.readout import check_parameters, read_out, read_out_backward


class Frugal(NamedTuple):
    """
    Make a model's training step by checkpointing: the same gradients, with one short tape.

    It takes the model's place in `fit`. A step forward is taken about twice. Without a wish the
    segments are √T steps long; so memory grows with √T, not with T.

    Parameters
    ----------
    model : Model
        The model. Its network must be able to stream, and drop nothing.
    segment : int, optional
        Steps in a segment.
    states : int, optional
        How many states may be stored at once.
    mebibytes : float, optional
        What the stored states and the tape may take together; instead of the other two.

    See Also
    --------
    bpttlib.checkpoint.plan : Says what it will take.
    bpttlib.truncation.truncated_bptt : Less time and memory, but other gradients.

    Examples
    --------
    >>> from bpttlib.batch import Batch
    >>> from bpttlib.cells import LSTM
    >>> model = Model(LSTM(), D=1, H=4, K=1, loss="squared_error")
    >>> params, batch = model.init(np.random.default_rng(0)), Batch(*np.ones((2, 100, 1, 1)))
    >>> full, frugal = (m.loss_and_gradients(params, batch) for m in (model, Frugal(model)))
    >>> bool(np.isclose(full.L, frugal.L, rtol=1e-12)), frugal.tape is None
    (True, True)
    """

    model: Model
    segment: int | None = None
    states: int | None = None
    mebibytes: float | None = None

    @property
    def network(self):
        """
        Return the model's network.

        It is what runs through time.

        See Also
        --------
        bpttlib.model.Model.network : The same.

        Examples
        --------
        >>> from bpttlib.cells import LSTM
        >>> Frugal(Model(LSTM(), D=1, H=4, K=1, loss="squared_error")).network.streams
        True
        """
        return self.model.network

    def loss_and_gradients(self, params, batch, s0=None, tape=None, rng=None):
        """
        Compute L and ∂L/∂θ, segment by segment and the last one first.

        The loss is asked for where its segment's states are at hand.

        Parameters
        ----------
        params : ModelParams
            The parameters θ.
        batch : Batch
            Inputs, targets and mask; all of its steps are new ones.
        s0 : ndarray or tuple of ndarray, optional
            The initial state's parts, each of shape (H, B); zero by default.
        tape : None
            There is none to write on.
        rng : numpy.random.Generator, optional
            Not used, as nothing is dropped.

        Returns
        -------
        Step
            The loss, the gradients and the last state; neither outputs nor a tape.

        See Also
        --------
        bpttlib.model.Model.loss_and_gradients : With everything stored.

        Examples
        --------
        >>> from bpttlib.batch import Batch
        >>> from bpttlib.cells import LSTM
        >>> model = Model(LSTM(), D=1, H=4, K=1, loss="squared_error")
        >>> params, batch = model.init(np.random.default_rng(0)), Batch(*np.ones((2, 100, 1, 1)))
        >>> Frugal(model, states=3).loss_and_gradients(params, batch).grads.cell.W_hh.shape
        (16, 4)
        """
        network, loss = self.network, LOSSES[self.model.loss]
        check_parameters(network, params, self.model.D, self.model.H, self.model.K)
        require(rng is None or not network.drops, "dropout", "a probability above 0",
                "0, since what is computed twice must be the same")
        require(batch.carry is None, "batch.carry", batch.carry, "None: all steps are new ones")
        T, B = len(batch.x), np.shape(batch.x)[-1]
        mask = np.ones((T, B)) if batch.mask is None else batch.mask
        mask, targets = require_array("mask", mask, (T, B), "biuf"), np.asarray(batch.targets)
        require(mask.any(), "mask", "no step that counts", "at least one, else there is no loss")
        require(len(targets) == T, "targets", f"{len(targets)} steps", f"{T}, as x has")
        L, grads = 0.0, tree_map(np.zeros_like, params.readout)

        def own(h, start, stop):
            nonlocal L, grads
            counts = mask[start:stop]
            if not counts.any():
                return np.zeros_like(h)
            share = counts.sum() / mask.sum()               # of the mean over all steps
            L_part, dy = loss(read_out(params.readout, h), targets[start:stop], counts)
            part, dh_own = read_out_backward(params.readout, h, (share * dy).astype(h.dtype))
            L, grads = L + share * L_part, tree_map(np.add, grads, part)
            return dh_own

        back = checkpointed_bptt(network, params.cell, batch.x, own, s0, segment=self.segment,
                                 states=self.states, mebibytes=self.mebibytes)
        require(np.isfinite(L), "loss", L, "a finite number; lower the learning rate, or clip")
        return Step(L, ModelParams(back.params, grads), None, None, back.s_T)
