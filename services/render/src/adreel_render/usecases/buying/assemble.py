"""Puts the parts of buying together: one set per process."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from adreel_kit.blobs.port import BlobStore
from adreel_kit.db import Database

from adreel_render.domain.attempts import GenerationProvider, MediaCheck
from adreel_render.usecases.buying.buy import Buyer
from adreel_render.usecases.buying.keep_output import KeepOutput
from adreel_render.usecases.buying.poll import Poll
from adreel_render.usecases.buying.reconcile import Reconcile
from adreel_render.usecases.buying.settle import Books, Settle
from adreel_render.usecases.buying.steps import TakeStep
from adreel_render.usecases.buying.submit import Submit
from adreel_render.usecases.buying.terms import Terms
from adreel_render.usecases.buying.watch import WatchPurchase


@dataclass(frozen=True, slots=True)
class Buying:
    """What the service uses: the port, and the handler of its watchers' work."""

    purchases: Buyer
    watch: WatchPurchase
    # Hears out the calls that are under way; the database has to be open still.
    aclose: Callable[[], Awaitable[None]]


def assemble(
    *,
    database: Database,
    blobs: BlobStore,
    providers: Mapping[str, GenerationProvider],
    check: MediaCheck,
    books: Books,
    scratch_dir: Path,
    terms: Terms,
) -> Buying:
    """Nothing is opened here; `providers` are those that have a key."""
    keep = KeepOutput(blobs=blobs, check=check, scratch_dir=scratch_dir, terms=terms)
    settle = Settle(database, keep, terms, books)
    submit = Submit(database, settle, terms)
    step = TakeStep(
        database=database,
        providers=providers,
        submit=submit,
        reconcile=Reconcile(database, settle, terms),
        poll=Poll(database, settle, terms),
        terms=terms,
    )
    return Buying(
        purchases=Buyer(database=database, providers=providers, step=step, terms=terms),
        watch=WatchPurchase(database=database, step=step, settle=settle, terms=terms),
        aclose=submit.aclose,
    )
