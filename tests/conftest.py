"""What pytest does around the tests."""

import unittest
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def module_cleanups() -> Iterator[None]:
    """Ends what the tests of a module share, such as a stand-in."""
    yield
    unittest.doModuleCleanups()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Prints what a failed test can say about its failure."""
    report = yield
    explain = getattr(getattr(item, "instance", None), "explain_failure", None)
    if report.when == "call" and report.failed and explain:
        report.sections += explain().items()
    return report
