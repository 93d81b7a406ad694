"""
Checkpointing: the exact gradient with little memory, paid for with steps that are taken again.

Full BPTT keeps all T steps on its tape. Here only some states are stored, and one short tape is
used again and again: each segment of the sequence is run once more from a stored state, the last
segment first, and then gone back through. What is passed on from segment to segment is ∂L/∂s.
"""
from bpttlib.checkpoint.backward import Checkpointed, checkpointed_bptt
from bpttlib.checkpoint.plans import Plan, plan
from bpttlib.checkpoint.schedules import Move, least_steps, schedule

__all__ = ["Checkpointed", "Move", "Plan", "checkpointed_bptt", "least_steps", "plan", "schedule"]
