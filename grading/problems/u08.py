"""Unit 08: clipping, initialisation, optimisers."""
from grading.problems.u08_adam import ADAM_STEP
from grading.problems.u08_clip import CLIP_BY_GLOBAL_NORM, CLIP_BY_VALUE
from grading.problems.u08_orthogonal import ORTHOGONAL

PROBLEMS = (CLIP_BY_VALUE, CLIP_BY_GLOBAL_NORM, ORTHOGONAL, ADAM_STEP)
