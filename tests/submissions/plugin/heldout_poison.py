"""A package as an operator might install it, whose metric and reader can be made to fail.

What they do depends on the file that is scored: the metric looks at the predicted number, the
reader at the first word of the file.
"""

import os
import signal
import time

import numpy as np

from scoring.contract import Direction
from scoring.metrics.base import Inputs, Metric
from scoring.readers.base import MemorySource, Prediction, Reader


def eat_memory():
    np.ones(2**40, dtype=np.uint8)


def sleep():
    time.sleep(1000)


def crash():
    os.kill(os.getpid(), signal.SIGSEGV)


def fail():
    raise RuntimeError("the answer is 0.84217")


def nothing():
    pass


def start_processes():
    while True:
        if os.fork() == 0:
            time.sleep(1000)


def spin_deaf():
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    while True:
        pass


def kill_the_zygote():
    os.kill(os.getppid(), signal.SIGKILL)


def leave():
    os._exit(0)


ACTS = {
    1.0: eat_memory,
    2.0: sleep,
    3.0: crash,
    4.0: fail,
    5.0: start_processes,
    7.0: spin_deaf,
    8.0: kill_the_zygote,
    8.5: leave,
}
WORDS = {b"memory": eat_memory, b"time": sleep, b"crash": crash, b"fault": fail}


def compute(reference, prediction):
    ACTS.get(float(prediction), nothing)()
    return float(abs(reference - prediction))


def read(handle, *, options, targets):
    WORDS.get(handle.read(), nothing)()
    return Prediction({target.slug: MemorySource(7.0) for target in targets})


METRIC = Metric(
    slug="poison",
    title="Poison",
    family="tests",
    inputs=Inputs.SCALAR,
    direction=Direction.LOWER,
    unit="1",
    bounds=(0.0, None),
    perfect=0.0,
    help="The absolute error, except for the numbers that do harm.",
    formula=r"|y - \\hat y|",
    citation="none",
    whole=compute,
)
READER = Reader(
    slug="poison",
    title="Poison",
    help="Any file; some words do harm.",
    extensions=(".txt",),
    read_function=read,
)
