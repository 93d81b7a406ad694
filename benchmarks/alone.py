"""A fresh process with so many threads, so that nothing is measured but what runs in it."""
import json
import os
import subprocess
import sys

HELD_BACK = {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "MKL_ENABLE_INSTRUCTIONS",
             "ONEDNN_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY", "NPY_DISABLE_CPU_FEATURES"}
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def environment(threads=1):
    """Return ours, with so many threads for everybody and the processor's own instructions."""
    kept = {name: value for name, value in os.environ.items() if name not in HELD_BACK}
    return kept | dict.fromkeys(THREADS, str(threads))


def in_a_fresh_process(module, settings):
    """Return what the module prints as JSON; its progress goes to our stderr."""
    done = subprocess.run([sys.executable, "-m", module, json.dumps(settings)],
                          stdout=subprocess.PIPE, text=True, env=environment())
    if done.returncode:
        sys.exit(done.returncode)
    return json.loads(done.stdout)


def positive(text):
    """Read a whole number above 0."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number
