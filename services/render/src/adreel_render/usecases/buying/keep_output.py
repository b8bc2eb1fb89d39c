"""Copies what a provider made into our own store, and looks whether it is what was paid for."""

import tempfile
from pathlib import Path

from adreel_kit.blobs.errors import BlobTooLarge
from adreel_kit.blobs.port import BlobStore

from adreel_render.domain.attempts import (
    Attempt,
    GenerationProvider,
    MediaCheck,
    OutputUnusable,
    RemoteOutput,
)
from adreel_render.domain.purchases import StoredOutput
from adreel_render.usecases.buying.terms import Terms


class KeepOutput:
    """Download, check, store. Safe to repeat: blobs are named by their bytes."""

    def __init__(self, *, blobs: BlobStore, check: MediaCheck, scratch_dir: Path, terms: Terms) -> None:
        self._blobs = blobs
        self._check = check
        self._scratch_dir = scratch_dir
        self._terms = terms

    async def run(self, attempt: Attempt, output: RemoteOutput, provider: GenerationProvider) -> StoredOutput:
        """Raises OutputGone, OutputUnusable, ProviderAway."""
        pieces = provider.read_output(output, max_bytes=self._terms.max_output_bytes)
        try:
            ref = await self._blobs.put(pieces, max_bytes=self._terms.max_output_bytes)
        except BlobTooLarge as error:
            raise OutputUnusable("the file is too large") from error
        path = self._blobs.local_path(ref)
        if path is not None:
            content_type = await self._check.content_type(path, attempt.medium)
        else:
            with tempfile.TemporaryDirectory(dir=self._scratch_dir, prefix="bought-") as folder:
                copy = Path(folder) / ref.sha256
                await self._blobs.fetch_to(ref, copy)
                content_type = await self._check.content_type(copy, attempt.medium)
        return StoredOutput(ref.sha256, ref.size_bytes, content_type)
