"""Answering: a network reads five messages and chooses the reply."""
import numpy as np

from bpttlib.batch import Step
from bpttlib.errors import require
from bpttlib.layers import EmbeddedParams, as_network
from bpttlib.losses import softmax_cross_entropy
from bpttlib.params import CellParams, ModelParams, ReadoutParams
from bpttlib.readout import read_out, read_out_backward
from bpttlib.tape import window


class Answering:
    """
    Read messages x_1 … x_T, and score a reply r by s yᵀ r / ‖r‖, where y = W_hy h_T + b_y.

    A message's vector is the weighted sum of its words' embeddings, for contexts and replies the
    same. The loss is the cross-entropy of choosing the right reply among all those of the batch.
    A batch holds numbers of messages: contexts (T, B) as x, replies (1, B) as targets.

    Parameters
    ----------
    cell : Cell
        What reads the messages.
    bags : Bags
        The messages.
    D : int
        Numbers in a message's vector, and units.
    s : float, default 10.0
        The scale of the scores.
    k2 : int, optional
        How many steps the gradient goes back; all by default. The state always comes from all.

    See Also
    --------
    bpttlib.train.fit : Trains it.

    Examples
    --------
    >>> from bpttlib.batch import Batch
    >>> from bpttlib.cells import GRU
    >>> from bpttlib.tasks.bags import bags
    >>> model = Answering(GRU(), bags(np.array([[1, 2, 3]]), np.ones(4)), D=8)
    >>> params = model.begin(np.random.default_rng(0), np.eye(8, 4))
    >>> batch = Batch(np.array([[0, 1], [1, 2]]), np.array([[2, 0]]))
    >>> model.loss_and_gradients(params, batch).grads.cell.E.shape
    (8, 4)
    """

    def __init__(self, cell, bags, D, s=10.0, k2=None):
        self.network, self.bags, self.D, self.s, self.k2 = as_network(cell), bags, D, s, k2

    def begin(self, rng, E):
        """
        Draw initial parameters so that the state starts as a fading sum of what is read.

        The candidate n starts close to tanh(x_t), z near 0.7 and the answer as y = h_T; the
        embeddings are given.

        Parameters
        ----------
        rng : numpy.random.Generator
            Where the small numbers come from.
        E : ndarray
            The embeddings to start from, of shape (D, V).

        Returns
        -------
        ModelParams
            The parameters, with the embeddings' dtype.

        See Also
        --------
        bpttlib.tasks.bags.word_vectors : Make embeddings.

        Examples
        --------
        >>> from bpttlib.cells import GRU
        >>> model = Answering(GRU(), None, D=8)
        >>> model.begin(np.random.default_rng(0), np.eye(8, 4)).readout.W_hy.shape
        (8, 8)
        """
        D = self.D
        require(self.network.cell.gates == ("r", "z", "n"), "cell", "another", "a GRU")
        W_xh, W_hh = (0.01 * rng.normal(size=(3 * D, D)) for _ in range(2))
        W_xh[2 * D:] += np.eye(D)
        b_h = np.repeat([[1.0], [1.0], [0.0]], D, axis=0)
        cell = CellParams(*(p.astype(E.dtype) for p in (W_xh, W_hh, b_h)))
        readout = ReadoutParams(np.eye(D, dtype=E.dtype), np.zeros((D, 1), E.dtype))
        return ModelParams(EmbeddedParams(E, cell), readout)

    def answer(self, params, contexts):
        """
        Compute y, the direction in which a good reply lies.

        Fewer messages than five will do.

        Parameters
        ----------
        params : ModelParams
            The parameters.
        contexts : ndarray of int
            The numbers of the messages, of shape (T, B).

        Returns
        -------
        y : ndarray
            The answers, of shape (D, B).
        x : ndarray
            What was read, of shape (T, D, B).
        tape : Cell.Tape
            The states.

        See Also
        --------
        score : Compare replies with it.

        Examples
        --------
        See `score`, which calls it.
        """
        T, B = contexts.shape
        x = self.bags.vectors(params.cell.E, contexts.ravel()).reshape(self.D, T, B)
        x = np.ascontiguousarray(x.swapaxes(0, 1))                              # (T, D, B)
        tape = self.network.unroll(params.cell.network, x)
        return read_out(params.readout, tape.h[-1:])[0], x, tape

    def score(self, params, contexts, choice):
        """
        Compute yᵀ r / ‖r‖ for some replies to each context.

        The reply with the largest is the answer.

        Parameters
        ----------
        params : ModelParams
            The parameters.
        contexts : ndarray of int
            The numbers of the messages that were said, of shape (T, B).
        choice : ndarray of int
            The numbers of the messages to choose from, of shape (n, B).

        Returns
        -------
        ndarray
            The scores, of shape (n, B).

        See Also
        --------
        bpttlib.tasks.candidates.candidates : Make such a choice.

        Examples
        --------
        >>> from bpttlib.cells import GRU
        >>> from bpttlib.tasks.bags import bags
        >>> model = Answering(GRU(), bags(np.array([[1, 2, 3]]), np.ones(4)), D=8)
        >>> params = model.begin(np.random.default_rng(0), np.eye(8, 4))
        >>> model.score(params, np.array([[0], [1]]), np.array([[1], [2]])).argmax(axis=0)
        array([0])
        """
        y, _, _ = self.answer(params, contexts)
        r, _ = self._replies(params, choice.ravel())
        return np.einsum("db,dnb->nb", y, r.reshape(len(y), *choice.shape))

    def loss_and_gradients(self, params, batch, s0=None, tape=None, rng=None):
        """
        Compute L and ∂L/∂θ, also for the embeddings, by backpropagation through the T steps.

        `fit` calls it; of its last arguments, an answering network needs none.

        Parameters
        ----------
        params : ModelParams
            The parameters θ.
        batch : Batch
            Numbers of messages, contexts and replies.
        s0, tape, rng : optional
            Not used.

        Returns
        -------
        Step
            The loss, the gradients, y and the tape.

        See Also
        --------
        evaluate : The loss alone.

        Examples
        --------
        See the class.
        """
        m, contexts = batch.targets[0], np.asarray(batch.x)
        y, x, tape = self.answer(params, contexts)
        r, length = self._replies(params, m)                                    # (D, B)
        scores = self.s * r.T @ y                                               # (replies, B)
        L, dscores = softmax_cross_entropy(scores[None], np.arange(len(m))[None])
        dy, dr = self.s * r @ dscores[0], self.s * y @ dscores[0].T
        dr = (dr - r * (r * dr).sum(axis=0)) / length                           # of r before / ‖r‖
        readout, dh_T = read_out_backward(params.readout, tape.h[-1:], dy[None])
        dh_own = np.zeros_like(tape.h[1:])
        dh_own[-1] = dh_T[0]                                # one loss, at step T
        T, E = len(x), params.cell.E
        reached = slice(T - min(T, self.k2 or T), T)                            # the last k2 steps
        back = self.network.bptt(params.cell.network, x[reached],
                                 window(tape, reached.start, T), dh_own[reached])
        dx = back.x.swapaxes(0, 1).reshape(self.D, -1)
        dE = self.bags.gradient(E, contexts[reached].ravel(), dx) + self.bags.gradient(E, m, dr)
        return Step(L, ModelParams(EmbeddedParams(dE, back.params), readout), y, tape, ())

    def evaluate(self, params, batch):
        """
        Compute the loss L alone.

        This way forward is analytic, so it can be checked by complex step.

        Parameters
        ----------
        params : ModelParams
            The parameters.
        batch : Batch
            Numbers of messages, contexts and replies.

        Returns
        -------
        float
            The loss.

        See Also
        --------
        loss_and_gradients : Also go back.

        Examples
        --------
        `complex_step(lambda p: model.evaluate(p, batch), params)` is the gradient.
        """
        y, _, _ = self.answer(params, np.asarray(batch.x))
        r, _ = self._replies(params, batch.targets[0])
        return softmax_cross_entropy(self.s * (r.T @ y)[None], np.arange(y.shape[1])[None])[0]

    def _replies(self, params, m):
        """Return r / ‖r‖ and ‖r‖ of some messages."""
        r = self.bags.vectors(params.cell.E, m)
        length = np.sqrt((r * r).sum(axis=0) + 1e-12)
        return r / length, length
