"""The check of Markdown links in `make lint` finds broken links and no others."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).parent.parent / "scripts/check_links.py"
GUIDE = """# A guide

## Two words, and `code`
## Twice
## Twice
## A [link](guide.md) in a heading
<a id="by-hand"></a>

```
# Not a heading
[not a link](nowhere.md)
```
"""


class TestLinks(unittest.TestCase):
    def check(self, text: str) -> subprocess.CompletedProcess:
        """Runs the script on a file with this text. The file guide.md lies beside it."""
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "guide.md").write_text(GUIDE)
            Path(folder, "a folder").mkdir()
            file = Path(folder, "index.md")
            file.write_text(text)
            command = [sys.executable, SCRIPT, file, Path(folder, "guide.md")]
            return subprocess.run(command, capture_output=True, text=True)

    def test_links_to_what_exists_pass(self):
        for text in [
            "[file](guide.md) and ![folder](a%20folder)",
            "[heading](guide.md#two-words-and-code)",
            "[second](guide.md#twice-1), [other](guide.md#a-link-in-a-heading)",
            "[html](guide.md#by-hand)",
            "# Here\n[same file](#here)",
            "[elsewhere](https://example.com/nowhere#at-all)",
            "`[code](nowhere.md)`",
            "```\n[code](nowhere.md)\n```",
            "<!-- [comment](nowhere.md) -->",
        ]:
            with self.subTest(text):
                ran = self.check(text)
                self.assertEqual((ran.returncode, ran.stderr), (0, ""))

    def test_broken_links_fail_and_are_named(self):
        for text, link in [
            ("[file](nowhere.md)", "nowhere.md"),
            ("![picture](nowhere.png)", "nowhere.png"),
            ("[`code` as text](nowhere.md)", "nowhere.md"),
            ("[label]: nowhere.md", "nowhere.md"),
            ('<img src="nowhere.png">', "nowhere.png"),
            ("[anchor](guide.md#nowhere)", "guide.md#nowhere"),
            ("[third](guide.md#twice-2)", "guide.md#twice-2"),
            ("[in code](guide.md#not-a-heading)", "guide.md#not-a-heading"),
            ("[same file](#nowhere)", "#nowhere"),
        ]:
            with self.subTest(text):
                ran = self.check(text)
                self.assertEqual(ran.returncode, 1, ran.stderr)
                self.assertIn(f"link to {link}:", ran.stderr)
