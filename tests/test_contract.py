"""Tests the running service against its contract with schemathesis."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from authorization import CONTRACT
from stand_in import WireTest

SETTINGS = Path(__file__).with_name("contract.toml")


class TestContract(WireTest):
    # The requests come one after the other, much faster than those of people.
    OPTIONS = ("--api-throttle", "0")

    def test_the_service_keeps_its_contract(self):
        self.window(count=4)
        (api,), (operator,) = self.printed("api"), self.printed("token")
        command = [
            Path(sys.executable).with_name("schemathesis"), "--config-file", SETTINGS,
            "run", CONTRACT, "--url", api.removesuffix("/api"),
        ]  # fmt: skip
        environment = os.environ | {"TOKEN": operator, "SCHEMATHESIS_HOOKS": "contract_checks"}
        environment["PYTHONPATH"] = str(SETTINGS.parent)
        with tempfile.TemporaryDirectory() as folder:
            run = subprocess.run(
                command, cwd=folder, env=environment, text=True, capture_output=True, timeout=300
            )
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
