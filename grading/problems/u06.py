"""Unit 06: exact, unbiased, or frugal."""
from grading.problems.u06_checkpoints import CHECKPOINTED_BPTT
from grading.problems.u06_cuts import RANDOM_TRUNCATION
from grading.problems.u06_rtrl import RTRL

PROBLEMS = (RANDOM_TRUNCATION, RTRL, CHECKPOINTED_BPTT)
