"""Unit 03: full backpropagation through time."""
from grading.problems.u03_backward import ELMAN_BACKWARD
from grading.problems.u03_loss import SOFTMAX_CROSS_ENTROPY_MASKED
from grading.problems.u03_step import ELMAN_STEP_BACKWARD

PROBLEMS = (SOFTMAX_CROSS_ENTROPY_MASKED, ELMAN_STEP_BACKWARD, ELMAN_BACKWARD)
