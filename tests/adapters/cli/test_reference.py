"""docs/cli.md is what the program says of itself."""

import subprocess
import sys

from adapters.cli.reference import reference
from tests.adapters.cli.calling import ROOT, environment


def test_the_reference_is_the_help_of_every_command() -> None:
    assert (ROOT / "docs/cli.md").read_text("utf-8") == reference()


def test_the_reference_is_written_by_the_program() -> None:
    written = subprocess.run(
        [sys.executable, "-m", "adapters.cli.reference"], capture_output=True, env=environment(LANG="es"), check=True
    )
    assert written.stdout.decode() == reference()
