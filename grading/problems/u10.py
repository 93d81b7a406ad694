"""Unit 10: the GRU, and layers on top of each other."""
from grading.problems.u10_gru import GRU_BACKWARD
from grading.problems.u10_stacked import STACKED_BACKWARD

PROBLEMS = (GRU_BACKWARD, STACKED_BACKWARD)
