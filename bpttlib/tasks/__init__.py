"""
Synthetic tasks, and ways to hand data to training.

A task is a function `task(rng, T=…, B=…)` that draws a :class:`bpttlib.batch.Batch`. Each has a
known loss for guessing, in nats or as ½‖·‖² per counted step; what learns something is below it.

=================  ===============  ==============  =======================
task               D inputs         K outputs       loss of guessing
=================  ===============  ==============  =======================
counting_ones      1 bit            1 number        T/8
temporal_xor       1 bit            2 classes       ln 2
adding             2 numbers        1 number        1/12 (the MSE is 1/6)
copy_memory        10 symbols       9 classes       10 ln 8 / (T + 20)
temporal_order     8 symbols        4 classes       ln 4
one_bit            1 number         2 classes       ln 2
anbn               3 symbols        3 classes       ln 3
embedded_reber     7 symbols        7 classes       ln 7
=================  ===============  ==============  =======================

`influence_balancing` is no task of this kind, but a network that short truncation drives away.
"""
from bpttlib.tasks.encoding import next_symbol, one_hot
from bpttlib.tasks.feeding import batches, from_pairs, padded, windows
from bpttlib.tasks.influence import influence_balancing
from bpttlib.tasks.memory import adding, copy_memory, one_bit, temporal_order
from bpttlib.tasks.reber import embedded_reber, is_grammatical, legal_next
from bpttlib.tasks.rules import anbn, counting_ones, temporal_xor

__all__ = ["adding", "anbn", "batches", "copy_memory", "counting_ones", "embedded_reber",
           "from_pairs", "influence_balancing", "is_grammatical", "legal_next", "next_symbol",
           "one_bit", "one_hot", "padded", "temporal_order", "temporal_xor", "windows"]
