"""
Networks of several layers, in both directions, and with a table of embeddings below.

A layer above reads the states of the layer below as its inputs. So the gradient of its inputs is
the lower layer's `dh_own`, and the same loop over time serves every layer.
"""
from bpttlib.layers.bidirectional import Bidirectional, BidirectionalTape
from bpttlib.layers.embedded import Embedded, EmbeddedParams
from bpttlib.layers.layer import Layer, as_network
from bpttlib.layers.network import Network
from bpttlib.layers.stacked import Stacked, StackedTape

__all__ = ["Bidirectional", "BidirectionalTape", "Embedded", "EmbeddedParams", "Layer", "Network",
           "Stacked", "StackedTape", "as_network"]
