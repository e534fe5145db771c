"""The examples of the OpenAPI document, taken from a server over the ledger of the tour.

`python -m tests.adapters.http.examples` writes them again; then `python -m adapters.http.document` the document.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from adapters.http.examples import EXAMPLES
from adapters.proofs.signing import make_key
from tests.adapters.cli.calling import ROOT, process
from tests.adapters.http.served import Served, serving, waited_for

KEPT = ROOT / "adapters" / "http" / "examples.json"
AT = "2026-03-04T12:00:00-06:00"
ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "explainTicket": ("/v1/explain", {"ticket": "T-1001", "at": AT}),
    "replay": ("/v1/replay", {"known_at": 9, "ticket": "T-1001", "at": AT}),
    "hangingReadings": ("/v1/readings", {"ticket": "T-1001", "at": AT}),
    "listCheckpoints": ("/v1/checkpoints", {}),
    "getCheckpoint": ("/v1/checkpoint", {}),
    "getKey": ("/v1/key", {}),
    "proveEntry": ("/v1/proof", {"position": 8}),
    "proveGrowth": ("/v1/consistency", {"first": 5}),
    "proveTicket": ("/v1/prove", {"ticket": "T-1001"}),
    "verifyLedger": ("/v1/verify", {}),
    "listAccounts": ("/v1/accounts", {}),
    "getProvisions": ("/v1/terms/provisions", {"terms": "customsoft", "reading": "cs.4=transfer"}),
}
SUPPOSED = {"readings": {"gs.wait": "stops"}}
"""The body of the example of a what-if."""
_MOST_ROWS = 2
_WHOLE = ("path",)
"""Lists without which what is shown would not be what it is."""


def shortened(value: Any) -> Any:
    """The same with at most two rows in each list."""
    if isinstance(value, dict):
        return {name: it if name in _WHOLE else shortened(it) for name, it in value.items()}
    return [shortened(it) for it in value[:_MOST_ROWS]] if isinstance(value, list) else value


def taken() -> dict[str, Any]:
    """What the server answers."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        place, keys = folder / "tour.db", folder / "tour.db.keys"
        lines = (ROOT / "examples" / "first-week.jsonl").read_bytes()
        assert process("record", "-", "--ledger", place, "--keys", keys, stdin=lines).returncode == 1
        assert process("follow", "--once", "--ledger", place, "--keys", keys).returncode == 0
        make_key(folder / "desk.key", "example.com/desk")
        with serving(Served(folder, str(place), keys, signing_key=str(folder / "desk.key"))) as server:
            client = server.as_("auditor")
            assert waited_for(lambda: client.get("/v1/checkpoint").is_success)
            answers = {id: client.get(path, params=asked) for id, (path, asked) in ASKED.items()}
            answers["whatIf"] = client.post("/v1/what-if", params={"ticket": "T-1001", "at": AT}, json=SUPPOSED)
    assert all(it.is_success for it in answers.values()), {id: it.text for id, it in answers.items()}
    return {id: shortened(it.json()) if "json" in it.headers["content-type"] else it.text for id, it in answers.items()}


if __name__ == "__main__":
    found = taken()
    KEPT.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(f"{len(found)} examples are in {KEPT.name}; {len(EXAMPLES)} were before")
