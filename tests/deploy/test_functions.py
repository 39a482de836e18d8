"""Tests the deployed binaries."""

import re
import unittest

from deployment import FUNCTIONS

# https://docs.aws.amazon.com/linux/al2023/ug/compare-with-al2.html
GLIBC_OF_AL2023 = 34


class TestFunctions(unittest.TestCase):
    def test_binaries_link_with_the_glibc_of_amazon_linux_2023(self):
        binaries = list(FUNCTIONS.glob("*/bootstrap"))
        self.assertTrue(binaries, f"{FUNCTIONS} has no binaries")
        for binary in binaries:
            versions = re.findall(rb"GLIBC_2\.(\d+)", binary.read_bytes())
            with self.subTest(binary.parent.name):
                self.assertLessEqual(max(map(int, versions)), GLIBC_OF_AL2023)
