"""Writes the OpenAPI document where it is kept: `python -m adapters.http.document`. A test holds that it is the one served."""

from pathlib import Path

from adapters.http.routes import openapi

KEPT = Path(__file__).parents[2] / "docs" / "schemas" / "openapi.json"

if __name__ == "__main__":
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_bytes(openapi())
