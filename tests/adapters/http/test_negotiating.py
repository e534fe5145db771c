"""Which coding, language and form an answer has is what the caller weighs highest, as RFC 9110 reads it."""

import pytest

from adapters.http.negotiating import coding, prefers
from tests.adapters.http.served import Served

JSON, LINES = "application/json", "application/x-ndjson"


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("", ("identity", False)),
        ("gzip, deflate, br, zstd", ("zstd", False)),
        ("GZIP", ("gzip", False)),
        ("zstd;q=0", ("identity", False)),
        ("zstd;q=0, gzip", ("gzip", False)),
        ("gzip;q=0.3, zstd;q=0.2", ("gzip", False)),
        ("gzip;q=0, *", ("zstd", False)),
        ("*;q=0", ("identity", False)),
        ("gzip;q=0.5, identity", ("identity", False)),
        ("gzip, identity;q=0.5, *;q=0", ("gzip", False)),
        ("identity;q=0, *", ("zstd", True)),
        ("gzip, *;q=0", ("gzip", True)),
        ("identity;q=0", ("identity", False)),
        ("zstd;q=nonsense, zstd;q=2, ;;,", ("identity", False)),
        ("x" * 10_000 + ", gzip", ("identity", False)),
    ],
)
def test_the_coding_is_the_one_that_weighs_most(accepted: str, expected: tuple[str, bool]) -> None:
    assert coding([accepted]) == expected


def test_a_header_that_comes_in_several_lines_is_one() -> None:
    assert coding(["zstd;q=0", "gzip"]) == ("gzip", False)


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("", False),
        ("*/*", False),
        ("application/*", False),
        (LINES, True),
        (f"{LINES};charset=utf-8", True),
        (f"{LINES};q=0", False),
        (f"{JSON}, {LINES}", True),
        (f"{JSON}, {LINES};q=0.5", False),
        (f"{LINES}, */*;q=0.1", True),
    ],
)
def test_lines_are_for_whoever_asks_for_them_by_name(accepted: str, expected: bool) -> None:
    assert prefers(LINES, JSON, [accepted]) is expected


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip, deflate, br, zstd", "zstd"), ("zstd;q=0, gzip", "gzip"), ("zstd;q=0", None), ("identity;q=0, gzip", "gzip")],
)
def test_an_answer_has_that_coding(one_server: Served, accepted: str, encoding: str | None) -> None:
    answer = one_server.as_("reader").get("/v1/terms/document?terms=customsoft", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("content-encoding") == encoding and answer.json()["terms"] == "customsoft"


def test_a_short_answer_is_compressed_only_for_who_refuses_it_plain(one_server: Served) -> None:
    client = one_server.as_("reader")
    assert "content-encoding" not in client.get("/v1/me", headers={"Accept-Encoding": "gzip"}).headers
    answer = client.get("/v1/me", headers={"Accept-Encoding": "gzip, identity;q=0"})
    assert answer.headers["content-encoding"] == "gzip" and answer.json()["name"] == "the-reader"


@pytest.mark.parametrize(
    ("preferred", "spanish"),
    [("es-MX,es;q=0.9,en;q=0.8", True), ("en;q=0.3, es-MX", True), ("fr, es;q=0.1", True), ("es;q=0", False), ("*", False)],
)
def test_a_problem_is_told_in_the_language_that_weighs_most(one_server: Served, preferred: str, spanish: bool) -> None:
    # Also where there is no route, and so nothing that a route does.
    for path in ("/v1/entry?position=10000", "/v1/nowhere"):
        told = one_server.as_("reader").get(path, headers={"Accept-Language": preferred}).json()["detail"]
        assert told.startswith("no hay" if spanish else "there is")
