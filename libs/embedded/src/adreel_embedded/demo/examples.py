"""The brief, client and campaign in `examples/`, with their placeholders filled in."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adreel_embedded.demo.errors import ExamplesMissingError
from adreel_embedded.state import find_checkout

# JSON bodies as the API takes them; their shape is the API's affair.
Body = dict[str, Any]


@dataclass(frozen=True)
class Examples:
    """One folder with `client.json`, `campaign.json`, `brief.json` and the pictures that the brief names."""

    folder: Path

    def client(self) -> Body:
        return self._body("client.json")

    def campaign(self, client_id: str) -> Body:
        return self._body("campaign.json", clientId=client_id)

    def brief(self, photo_address: str) -> Body:
        """The body of `POST /jobs`; its pictures are at `photo_address`."""
        return self._body("brief.json", base=photo_address)

    def photographs(self) -> dict[str, Path]:
        """The pictures of the folder by file name."""
        return {path.name: path for path in sorted(self.folder.iterdir()) if path.suffix in (".jpg", ".png", ".webp")}

    def _body(self, name: str, **values: str) -> Body:
        path = self.folder / name
        try:
            text = path.read_text("utf-8")
        except OSError as error:
            raise ExamplesMissingError(f"{path} cannot be read ({error.strerror}).") from error
        for key, value in values.items():
            text = text.replace("{" + key + "}", json.dumps(value)[1:-1])
        try:
            body = json.loads(text)
        except ValueError as error:
            raise ExamplesMissingError(f"{path} is not JSON: {error}.") from error
        if not isinstance(body, dict):
            raise ExamplesMissingError(f"{path} holds no object.")
        return body


def find_examples(named: Path | None) -> Examples:
    """The folder that was named, or the checkout's own."""
    if named is not None:
        folder = named
    else:
        checkout = find_checkout()
        if checkout is None:
            raise ExamplesMissingError("The examples are in the checkout; name their folder with --examples.")
        folder = checkout / "examples"
    if not folder.is_dir():
        raise ExamplesMissingError(f"There is no folder {folder}.")
    return Examples(folder)
