"""Unit 09: the LSTM."""
from grading.problems.u09_backward import LSTM_BACKWARD
from grading.problems.u09_forward import LSTM_FORWARD, LSTM_STEP

PROBLEMS = (LSTM_STEP, LSTM_FORWARD, LSTM_BACKWARD)
