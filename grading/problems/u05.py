"""Unit 05: truncated backpropagation through time."""
from grading.problems.u05_bias import BIAS_CURVE
from grading.problems.u05_chunks import TBPTT_CHUNKS
from grading.problems.u05_windows import TBPTT_K1_K2

PROBLEMS = (TBPTT_CHUNKS, TBPTT_K1_K2, BIAS_CURVE)
