"""Runs one command and says how much memory it took: `python -m bench.alone MODULE ARGUMENT…` prints JSON.

The peak the system reports for a process begins with the size of whoever started it, so that must be something small: this.
"""

import json
import os
import subprocess
import sys


def run(module: str, arguments: list[str]) -> dict[str, object]:
    """`code` it ended with, `peak_mb`, and what it `printed` if that is short (bytes beyond are thrown away)."""
    process = subprocess.Popen([sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE)
    assert process.stdout is not None, "its output was asked for"
    printed = process.stdout.read(4096)
    while process.stdout.read(1 << 16):
        pass
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return {"code": process.returncode, "peak_mb": usage.ru_maxrss / 1024, "printed": printed.decode("utf-8", "replace")}


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], sys.argv[2:])))
