"""Checks the deployed binaries."""

import re
import unittest

from deployment import FUNCTIONS

# https://docs.aws.amazon.com/linux/al2023/ug/compare-with-al2.html
AL2023_GLIBC = 34


class TestFunctions(unittest.TestCase):
    def test_the_binaries_need_no_newer_glibc_than_amazon_linux_2023(self):
        binaries = list(FUNCTIONS.glob("*/bootstrap"))
        self.assertTrue(binaries, f"no binaries were found in {FUNCTIONS}")
        for binary in binaries:
            versions = re.findall(rb"GLIBC_2\.(\d+)", binary.read_bytes())
            with self.subTest(binary.parent.name):
                self.assertLessEqual(max(map(int, versions)), AL2023_GLIBC)
