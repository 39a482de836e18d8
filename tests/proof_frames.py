"""Proves with many random windows that clips have exactly the requested frames, and sound in sync.

`make proof-frames` runs it. `make test` cuts two windows only, in `console/test_players.py`.
"""

import os
import time

from random_windows import WindowsTest

WINDOWS = int(os.environ.get("WINDOWS") or 100)
SEED = os.environ.get("SEED") or str(time.time_ns())
# `PICTURE=full` gives clips the whole ladder of renditions. Encoding it takes most of two cores.
PICTURE = () if os.environ.get("PICTURE") == "full" else WindowsTest.PICTURE
# Seconds of the stream that windows are cut from, and those that it has before it begins again.
AIRED, LENGTH = 50, 60


class Proof:
    """A class of its own, so that pytest does not run the base of the proofs."""

    class Rate(WindowsTest):
        PICTURE = PICTURE

        def test_clips_have_the_requested_frames_and_sound(self):
            print(f"{WINDOWS // 4} windows at {self.RATE} frames a second, SEED={SEED}")
            self.check_windows(WINDOWS // 4, SEED, AIRED // 2)


class Test25(Proof.Rate):
    RATE = "25"
    OPTIONS = WindowsTest.options(RATE, LENGTH)


class Test2997(Proof.Rate):
    RATE = "30000/1001"
    OPTIONS = WindowsTest.options(RATE, LENGTH)


class Test50(Proof.Rate):
    RATE = "50"
    OPTIONS = WindowsTest.options(RATE, LENGTH)


class Test5994(Proof.Rate):
    RATE = "60000/1001"
    OPTIONS = WindowsTest.options(RATE, LENGTH)
