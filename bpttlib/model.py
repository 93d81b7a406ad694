"""A model: a recurrent network, a readout y_t = W_hy h_t + b_y at each step, and a loss."""
from typing import NamedTuple

import numpy as np

from bpttlib.batch import Batch, Step
from bpttlib.errors import require, require_whole
from bpttlib.init import uniform_fan_in
from bpttlib.layers import as_network
from bpttlib.losses import LOSSES
from bpttlib.params import ModelParams, ReadoutParams
from bpttlib.readout import check_parameters, read_out, read_out_backward


class Model(NamedTuple):
    """
    Describe h_t = cell(x_t, h_{t-1}), y_t = W_hy h_t + b_y, and a loss of the y_t.

    The model holds sizes and no numbers that are learnt; its parameters are handed to it.

    Parameters
    ----------
    cell : Cell or Network
        The recurrent cell, or a network of cells such as Stacked(LSTM(), LSTM()).
    D, H, K : int
        Number of inputs, of units in each layer and of outputs.
    loss : {"softmax_cross_entropy", "squared_error"}
        The loss; with the first, the outputs are logits.

    See Also
    --------
    bpttlib.train.fit : Learn the parameters.

    Examples
    --------
    >>> from bpttlib.batch import Batch
    >>> from bpttlib.cells import Elman
    >>> model = Model(Elman(), D=2, H=8, K=3, loss="softmax_cross_entropy")
    >>> params = model.init(np.random.default_rng(0))
    >>> batch = Batch(x=np.zeros((5, 2, 1)), targets=np.zeros((5, 1), int))
    >>> float(model.loss_and_gradients(params, batch).L.round(4))
    1.0986
    """

    cell: object
    D: int
    H: int
    K: int
    loss: str

    @property
    def network(self):
        """
        Return the cell as a network.

        A network of cells is returned as it is.

        See Also
        --------
        bpttlib.layers.as_network : Makes it.

        Examples
        --------
        >>> from bpttlib.cells import Elman
        >>> Model(Elman(), D=2, H=8, K=3, loss="squared_error").network.outputs(8)
        8
        """
        return as_network(self.cell)

    def init(self, rng, **schemes):
        """
        Draw initial parameters.

        Biases and the readout's bias start at zero.

        Parameters
        ----------
        rng : numpy.random.Generator
            Where the numbers come from.
        **schemes
            Initialisation schemes for W_xh and W_hh, as in :func:`bpttlib.init.init_cell`.

        Returns
        -------
        ModelParams
            The parameters.

        See Also
        --------
        bpttlib.init.init_cell : The cell's part.

        Examples
        --------
        >>> from bpttlib.cells import Elman
        >>> model = Model(Elman(), D=2, H=8, K=3, loss="squared_error")
        >>> model.init(np.random.default_rng(0)).readout.W_hy.shape
        (3, 8)
        """
        for name in "DHK":
            require_whole(name, getattr(self, name))
        cell = self.network.init(rng, self.D, self.H, **schemes)
        W_hy = uniform_fan_in(rng, (self.K, self.network.outputs(self.H)))
        return ModelParams(cell, ReadoutParams(W_hy, np.zeros((self.K, 1))))

    def forward(self, params, x, s0=None, tape=None, rng=None):
        """
        Compute y_t = W_hy h_t + b_y for all steps.

        The initial state is zero unless it is given.

        Parameters
        ----------
        params : ModelParams
            The parameters.
        x : ndarray
            Inputs, of shape (T, D, B), or whole numbers of shape (T, B).
        s0 : ndarray or tuple of ndarray, optional
            The initial state's parts, each of shape (H, B).
        tape : Cell.Tape, optional
            A tape to write on.
        rng : numpy.random.Generator, optional
            Where dropout's masks come from; without it nothing is dropped.

        Returns
        -------
        y : ndarray
            Outputs, of shape (T, K, B).
        tape : Cell.Tape
            The states.

        See Also
        --------
        loss_and_gradients : Also go back.

        Examples
        --------
        >>> from bpttlib.cells import Elman
        >>> model = Model(Elman(), D=2, H=8, K=3, loss="squared_error")
        >>> params = model.init(np.random.default_rng(0))
        >>> model.forward(params, np.ones((5, 2, 1)))[0].shape
        (5, 3, 1)
        """
        network = self.network
        check_parameters(network, params, self.D, self.H, self.K)
        tape = network.unroll(params.cell, x, s0, tape, rng)
        return read_out(params.readout, tape.h[1:]), tape

    def evaluate(self, params, batch, s0=None, rng=None):
        """
        Compute the loss L alone.

        This way forward is analytic, so it can be checked by complex step.

        Parameters
        ----------
        params : ModelParams
            The parameters.
        batch : Batch
            Inputs, targets and mask.
        s0 : ndarray or tuple of ndarray, optional
            The initial state's parts, each of shape (H, B); zero by default.
        rng : numpy.random.Generator, optional
            Where dropout's masks come from; without it nothing is dropped.

        Returns
        -------
        float
            The loss, averaged over the steps and sequences that count.

        See Also
        --------
        loss_and_gradients : Also go back.

        Examples
        --------
        >>> from bpttlib.batch import Batch
        >>> from bpttlib.cells import Elman
        >>> model = Model(Elman(), D=1, H=4, K=2, loss="softmax_cross_entropy")
        >>> params = model.init(np.random.default_rng(0))
        >>> batch = Batch(np.zeros((3, 1, 1)), np.ones((3, 1), int))
        >>> float(model.evaluate(params, batch).round(4))
        0.6931
        """
        return self._forward_to_loss(params, batch, s0, rng=rng)[2]

    def loss_and_gradients(self, params, batch, s0=None, tape=None, rng=None):
        """
        Compute L and ∂L/∂θ by full backpropagation through time.

        The readout's gradients are sums over time as well, for it is shared by all steps.

        Parameters
        ----------
        params : ModelParams
            The parameters θ.
        batch : Batch
            Inputs, targets and mask.
        s0 : ndarray or tuple of ndarray, optional
            The initial state's parts, each of shape (H, B); zero by default.
        tape : Cell.Tape, optional
            A tape to write on.
        rng : numpy.random.Generator, optional
            Where dropout's masks come from; without it nothing is dropped.

        Returns
        -------
        Step
            The loss, the gradients, the outputs, the tape and the state to go on with.

        See Also
        --------
        forward : The outputs alone.

        Examples
        --------
        >>> from bpttlib.batch import Batch
        >>> from bpttlib.cells import Elman
        >>> model = Model(Elman(), D=1, H=4, K=1, loss="squared_error")
        >>> params = model.init(np.random.default_rng(0))
        >>> step = model.loss_and_gradients(params, Batch(np.ones((3, 1, 1)), np.ones((3, 1, 1))))
        >>> step.grads.cell.W_hh.shape
        (4, 4)
        """
        y, tape, L, dy = self._forward_to_loss(params, batch, s0, tape, rng)
        own = tape.dh[1:] if hasattr(tape, "dh") else None  # at its place, without a detour
        readout, dh_own = read_out_backward(params.readout, tape.h[1:], dy, own)
        network = self.network
        grads = network.bptt(params.cell, batch.x, tape, dh_own, need_dx=False)
        t = len(y) if batch.carry is None else batch.carry
        require_whole("batch.carry", t, least=0)
        require(t <= len(y), "batch.carry", t, f"a step from 0 to {len(y)}, or None")
        carried = network.state_at(tape, t)
        return Step(L, ModelParams(grads.params, readout), y, tape, carried)

    def _forward_to_loss(self, params, batch, s0, tape=None, rng=None):
        """Return the outputs, the tape, the loss L and ∂L/∂y."""
        require(isinstance(batch, Batch), "batch", type(batch).__name__, "a Batch(x, targets)")
        require(self.loss in LOSSES, "loss", repr(self.loss), "one of " + ", ".join(LOSSES))
        y, tape = self.forward(params, batch.x, s0, tape, rng)
        L, dy = LOSSES[self.loss](y, batch.targets, batch.mask)
        require(np.isfinite(L), "loss", L, "a finite number; lower the learning rate, or clip")
        return y, tape, L, dy.astype(y.dtype, copy=False)
