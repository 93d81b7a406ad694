"""What runs through time: for many cells what `unroll` and `bptt` are for one."""


class Network:
    """
    Define what a network must offer: the way forward and the way back through time.

    Its parameters, its state and its tape are records, which may hold records of its parts.

    See Also
    --------
    as_network : Make one of a cell.
    bpttlib.layers.Stacked : Several layers.

    Examples
    --------
    >>> from bpttlib.cells import Elman
    >>> from bpttlib.layers import as_network
    >>> as_network(Elman()).streams
    True
    """

    streams = True
    drops = False

    def init(self, rng, D, H, **schemes):
        """
        Draw initial parameters.

        Every part draws its own, one after the other.

        Parameters
        ----------
        rng : numpy.random.Generator
            Where the numbers come from.
        D, H : int
            Number of inputs, and of units in each layer.
        **schemes
            Initialisation schemes, as in :func:`bpttlib.init.init_cell`.

        Returns
        -------
        tuple
            The parameters.

        See Also
        --------
        bpttlib.init.init_cell : What one cell draws.

        Examples
        --------
        >>> from bpttlib.cells import LSTM
        >>> from bpttlib.layers import as_network
        >>> as_network(LSTM()).init(np.random.default_rng(0), D=2, H=3).W_xh.shape
        (12, 2)
        """
        raise NotImplementedError

    def check(self, params, D, H):
        """
        Raise a ValueError unless the parameters have the sizes that D and H ask for.

        What they hold is looked at when they are used.

        Parameters
        ----------
        params : tuple
            The parameters.
        D, H : int
            Number of inputs, and of units in each layer.

        See Also
        --------
        init : Make parameters that fit.

        Examples
        --------
        >>> from bpttlib.cells import Elman
        >>> from bpttlib.layers import as_network
        >>> network = as_network(Elman())
        >>> network.check(network.init(np.random.default_rng(0), D=2, H=3), D=2, H=4)
        Traceback (most recent call last):
        ValueError: W_xh: got shape (3, 2); needs shape (4, 2), as D and H say.
        """
        raise NotImplementedError

    def outputs(self, H):
        """
        Return how many numbers the network hands to a readout at each step.

        For a bidirectional network these are twice as many as a layer has units.

        Parameters
        ----------
        H : int
            Number of units in each layer.

        Returns
        -------
        int
            The number.

        See Also
        --------
        bpttlib.model.Model : Reads them out.

        Examples
        --------
        >>> from bpttlib.cells import Elman
        >>> from bpttlib.layers import as_network
        >>> as_network(Elman()).outputs(H=3)
        3
        """
        return H

    def unroll(self, params, x, s0=None, tape=None, rng=None):
        """
        Unfold the network over a sequence.

        The tape's `h` are the states that a readout sees.

        Parameters
        ----------
        params : tuple
            The parameters.
        x : ndarray
            Inputs, of shape (T, D, B) or (T, B).
        s0 : tuple, optional
            The initial state; zero by default.
        tape : tuple, optional
            A tape of the right size to write on.
        rng : numpy.random.Generator, optional
            Where dropout's masks come from; without it nothing is dropped.

        Returns
        -------
        tuple
            The tape.

        See Also
        --------
        bpttlib.bptt.unroll : For one cell.

        Examples
        --------
        >>> from bpttlib.cells import Elman
        >>> from bpttlib.layers import as_network
        >>> network = as_network(Elman())
        >>> params = network.init(np.random.default_rng(0), D=2, H=3)
        >>> network.unroll(params, np.ones((5, 2, 1))).h.shape
        (6, 3, 1)
        """
        raise NotImplementedError

    def bptt(self, params, x, tape, dh_own, ds_T=None, need_dx=True):
        """
        Go back through time.

        Every layer does so, from the top to the bottom.

        Parameters
        ----------
        params : tuple
            The parameters.
        x : ndarray
            The inputs, of shape (T, D, B) or (T, B).
        tape : tuple
            What `unroll` returned.
        dh_own : ndarray
            Gradient of each step's own loss with respect to the tape's h_t.
        ds_T : tuple, optional
            Gradient that reaches the last state from beyond the tape; zero by default.
        need_dx : bool, default True
            Whether the gradient of the inputs is wanted.

        Returns
        -------
        Gradients
            The gradients of the parameters, the inputs and the initial state.

        See Also
        --------
        bpttlib.bptt.bptt : For one cell.

        Examples
        --------
        >>> from bpttlib.cells import Elman
        >>> from bpttlib.layers import as_network
        >>> network = as_network(Elman())
        >>> params, x = network.init(np.random.default_rng(0), D=2, H=3), np.ones((5, 2, 1))
        >>> network.bptt(params, x, network.unroll(params, x), np.ones((5, 3, 1))).x.shape
        (5, 2, 1)
        """
        raise NotImplementedError

    def state_at(self, tape, t):
        """
        Return a copy of the state after step t, with which another sequence can start.

        The state of a network with many parts is a tuple of their states.

        Parameters
        ----------
        tape : tuple
            A tape of T steps.
        t : int
            A step, 0 ≤ t ≤ T; -1 is the last.

        Returns
        -------
        tuple
            The state.

        See Also
        --------
        unroll : Takes it as `s0`.

        Examples
        --------
        >>> from bpttlib.cells import Elman
        >>> from bpttlib.layers import as_network
        >>> network = as_network(Elman("identity"))
        >>> params = network.init(np.random.default_rng(0), D=1, H=1)
        >>> network.state_at(network.unroll(params, np.zeros((5, 1, 1)), np.ones((1, 1))), t=0)
        (array([[1.]]),)
        """
        raise NotImplementedError
