"""One purchase from intent to its end, over the real wire: what is sent, what is kept, what it costs."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest
from adreel_kit.blobs.port import BlobRef
from adreel_render.domain.errors import (
    BackendUnavailable,
    ContentPolicyViolation,
    MissingAPIKey,
    ProviderOutcomeUnknown,
    ProviderOutputLost,
    ProviderRejected,
    ProviderTimeout,
    PurchaseWithdrawn,
    QuotaExceeded,
)
from adreel_render.domain.purchases import ReferencePicture
from adreel_testkit.standins.video_faults import Fault
from adreel_testkit.standins.video_media import make_picture
from buying_rig import TERMS, CheckHere, Shop, omni_order, open_shop, veo_order

pytestmark = pytest.mark.connected

DOCUMENTATION = Path(__file__).parents[5] / "docs/paid-backends.md"


@pytest.mark.parametrize("make", [veo_order, omni_order])
async def test_a_clip_is_bought_copied_and_booked(shop, make):
    order = make()
    bought = await shop.buy(order)
    (creation,) = shop.standin.creations
    assert bought.provider_id == creation.id
    content = b"".join([p async for p in shop.blobs.read(BlobRef(bought.output.sha256, bought.output.size_bytes))])
    assert content == shop.standin.state.film(creation)
    assert bought.output.content_type == "video/mp4"
    assert [(line.state, line.amount_micros) for line in bought.cost_lines] == [("actual", 800_000)]
    assert await shop.buy(order) == bought, "asked for again, it is the same purchase"
    assert len(shop.standin.creations) == 1
    assert shop.standin.state.ledger.downloads_with_key == []


async def test_the_request_holds_a_seed_and_a_cost_stop(shop):
    await shop.buy(veo_order())
    (creation,) = shop.standin.creations
    assert 0 <= creation.inputs["seed"] < 2**31
    assert creation.extra["cancel_after"] == "2m"


async def test_a_seed_that_was_asked_for_is_kept(shop):
    order = veo_order()
    await shop.buy(replace(order, inputs={**order.inputs, "seed": 7}))
    assert shop.standin.creations[0].inputs["seed"] == 7


@pytest.mark.parametrize(("side", "is_uploaded"), [(1, False), (40, True)])
async def test_a_picture_goes_along_or_is_uploaded(shop, tmp_path, side, is_uploaded):
    content = make_picture() + b"\0" * (side * 10_000)
    path = tmp_path / "hero.png"
    path.write_bytes(content)
    ref = await shop.blobs.put_file(path)
    await shop.buy(veo_order(reference=ReferencePicture(ref.sha256, "image/png", ref.size_bytes)))
    sent = shop.standin.creations[0].inputs["image"]
    assert sent.startswith("http" if is_uploaded else "data:image/png;base64,")


async def test_pictures_are_bought_as_clips_are(shop):
    inputs = {"prompt": "A knight.", "aspect_ratio": "1:1", "output_format": "png"}
    order = veo_order(medium="image", model="google/imagen-4", inputs=inputs)
    assert (await shop.buy(order)).output.content_type == "image/png"
    order = replace(omni_order(), medium="image", model="gemini-3.1-flash-image", inputs={"prompt": "A knight."})
    assert (await shop.buy(order)).output.content_type == "image/png"
    assert len(shop.standin.creations) == 2


class SlowCheck(CheckHere):
    """Looks for longer than a watcher waits."""

    async def content_type(self, path: Path, medium: str) -> str:
        await asyncio.sleep(4 * TERMS.watch_seconds)
        return await super().content_type(path, medium)


async def test_a_picture_that_is_being_kept_is_not_taken_for_lost(database, standin, tmp_path):
    async with open_shop(database, standin.url, tmp_path, check=SlowCheck()) as (buying, blobs):
        shop = Shop(database, blobs, standin, buying)
        watching = asyncio.create_task(shop.watch())
        order = replace(omni_order(), medium="image", model="gemini-3.1-flash-image", inputs={"prompt": "A knight."})
        assert (await shop.buy(order)).output is not None
        watching.cancel()


FINAL = [
    (Fault("outcome", outcome="safety"), ContentPolicyViolation, 0),
    (Fault("outcome", outcome="failed"), ProviderRejected, 0),
    (Fault("outcome", outcome="wiped"), ProviderOutputLost, 800_000),
    (Fault("outcome", outcome="garbage"), ProviderOutputLost, 800_000),
    (Fault("status", status=401), MissingAPIKey, 0),
    (Fault("status", status=402), QuotaExceeded, 0),
    (Fault("status", status=404), BackendUnavailable, 0),
    (Fault("status", status=410), BackendUnavailable, 0),
    (Fault("status", status=422, message="- input.prompt: is wrong"), ProviderRejected, 0),
]


@pytest.mark.parametrize("make", [veo_order, omni_order])
@pytest.mark.parametrize(("fault", "error", "cost"), FINAL, ids=lambda value: getattr(value, "__name__", None))
async def test_a_final_failure_is_final_and_says_why(shop, make, fault, error, cost):
    order = make()
    shop.standin.order(fault)
    refusal = await shop.refused(order)
    assert type(refusal.error) is error
    assert refusal.error.details["purchase_id"]
    created = len(shop.standin.creations)
    again = await shop.refused(order)
    assert (again.error.code, again.error.message) == (refusal.error.code, refusal.error.message)
    assert len(shop.standin.creations) == created, "nothing is sent again in the same round"
    assert sum(line.amount_micros for line in await shop.buying.purchases.costs(order.subject)) == cost
    bought = await shop.buy(replace(order, round="second"))
    assert bought.output is not None, "a person's retry makes a new attempt"


async def test_what_gemini_stopped_at_a_limit_is_paid_and_what_replicate_never_started_is_free(shop):
    shop.standin.order(Fault("outcome", outcome="aborted", times=2))
    for order, cost in ((omni_order(), 800_000), (veo_order(), 0)):
        await shop.refused(order)
        assert sum(line.amount_micros for line in await shop.buying.purchases.costs(order.subject)) == cost


async def test_a_retired_model_names_the_setting_to_change(shop):
    shop.standin.state.retired_models.add("google/veo-3.1")
    refusal = await shop.refused(veo_order())
    assert "ADREEL_REPLICATE_VIDEO_MODEL" in refusal.error.message


@pytest.mark.parametrize("make", [veo_order, omni_order])
async def test_throttling_is_waited_out_as_long_as_the_provider_says(shop, make):
    shop.standin.order(Fault("status", status=429, retry_after_seconds=1, times=2))
    await shop.buy(make())
    assert len(shop.standin.creations) == 1
    assert shop.standin.state.requests.count((make().provider, "create")) == 3


async def test_a_provider_out_of_reach_is_tried_again_and_then_given_up(database, tmp_path):
    quick = replace(TERMS, most_tries=2)
    async with open_shop(database, "http://127.0.0.1:9", tmp_path, terms=quick) as (buying, blobs):
        refusal = await Shop(database, blobs, None, buying).refused(veo_order())
    assert isinstance(refusal.error, BackendUnavailable)


UNCLEAR = [
    Fault("created_drop"),
    Fault("created_status", status=500),
    Fault("created_broken"),
    Fault("created_hang", delay_seconds=6),
]


@pytest.mark.parametrize("fault", UNCLEAR, ids=lambda fault: fault.kind)
async def test_a_lost_answer_is_found_in_the_list(shop, fault):
    order = veo_order()
    shop.standin.order(fault)
    bought = await shop.buy(order)
    (creation,) = shop.standin.creations
    assert bought.provider_id == creation.id


@pytest.mark.parametrize("fault", [Fault("drop"), Fault("status", status=500)], ids=lambda fault: fault.kind)
async def test_what_was_not_created_is_looked_for_twice_and_sent_again(shop, fault):
    shop.standin.order(fault)
    await shop.buy(veo_order())
    requests = [on for provider, on in shop.standin.state.requests]
    assert requests[:4] == ["create", "list", "list", "create"]
    assert len(shop.standin.creations) == 1


async def test_a_list_that_does_not_answer_decides_nothing(shop):
    shop.standin.order(Fault("created_drop"), Fault("status", on="list", status=503, times=3))
    await shop.buy(veo_order())
    assert len(shop.standin.creations) == 1


async def test_equal_pictures_without_a_seed_are_told_apart_by_owner(shop):
    inputs = {"prompt": "A knight.", "aspect_ratio": "1:1"}
    orders = [veo_order(medium="image", model="google/imagen-4", inputs=inputs) for _ in range(3)]
    shop.standin.order(Fault("created_drop", times=3))
    bought = await asyncio.gather(*(shop.buy(order) for order in orders))
    assert len({one.provider_id for one in bought}) == 3
    assert len(shop.standin.creations) == 3


@pytest.mark.parametrize("fault", UNCLEAR, ids=lambda fault: fault.kind)
async def test_without_a_list_a_lost_answer_is_parked_until_somebody_takes_the_risk(shop, fault):
    order = omni_order()
    shop.standin.order(fault)
    refusal = await shop.refused(order)
    assert isinstance(refusal.error, ProviderOutcomeUnknown)
    assert [line.state for line in await shop.buying.purchases.costs(order.subject)] == ["unknown"]
    retry = replace(order, round="second")
    assert isinstance((await shop.refused(retry)).error, ProviderOutcomeUnknown), "a plain retry buys nothing"
    assert isinstance((await shop.refused(order, accept_possible_duplicate=True)).error, ProviderOutcomeUnknown)
    bought = await shop.buy(retry, accept_possible_duplicate=True)
    assert bought.provider_id == shop.standin.creations[-1].id
    assert len(shop.standin.creations) == 2
    assert [attempt.is_abandoned for attempt in await shop.attempts(order)] == [True, False]


async def test_a_parked_call_is_given_its_id_by_hand_as_the_documentation_says(shop, database, watching):
    blocks = re.findall(r"```sql\n(.*?)```", DOCUMENTATION.read_text("utf-8"), re.DOTALL)
    list_parked, give_id, sum_month = blocks
    order = omni_order()
    shop.standin.order(Fault("created_drop"))
    await shop.refused(order)
    (creation,) = shop.standin.creations
    async with database.connection() as conn:
        (parked,) = await conn.fetch(list_parked)
        assert (parked["job"], parked["estimate_micros"]) == (order.subject, 800_000)
        attempt = creation.extra["labels"]["attempt"]
        assert str(parked["id"]) == attempt
        await conn.execute(give_id.replace("<id at the provider>", creation.id).replace("<id>", attempt))
        assert await conn.fetchval("SELECT count(*) FROM work_items WHERE kind = 'purchase' AND state = 'queued'") == 2
    await shop.until(order, "succeeded")
    bought = await shop.buy(replace(order, round="second"))
    assert bought.provider_id == creation.id
    assert len(shop.standin.creations) == 1
    async with database.connection() as conn:
        (bill,) = await conn.fetch(sum_month)
        assert (bill["count"], float(bill["usd"])) == (1, 0.8)


async def test_polls_that_fail_change_nothing(shop):
    shop.standin.state.work_seconds = 0.3
    shop.standin.order(
        Fault("status", on="get", status=500), Fault("status", on="get", status=429), Fault("drop", on="get"),
        Fault("created_broken", on="get"), Fault("status", on="output", status=503), Fault("drop", on="output"),
    )  # fmt: skip
    await shop.buy(veo_order())
    assert len(shop.standin.creations) == 1


async def test_a_status_nobody_has_heard_of_is_waited_out(shop):
    shop.standin.order(Fault("outcome", outcome="unknown_status"))
    await shop.buy(veo_order())


async def test_an_output_on_a_private_host_is_not_fetched(database, standin, tmp_path):
    async with open_shop(database, standin.url, tmp_path, allowed_hosts="") as (buying, blobs):
        refusal = await Shop(database, blobs, standin, buying).refused(veo_order())
    assert isinstance(refusal.error, ProviderOutputLost)
    assert ("replicate", "output") not in standin.state.requests


@pytest.mark.parametrize("make", [veo_order, omni_order])
async def test_a_call_under_way_is_heard_out_when_its_work_is_cancelled(shop, make):
    order = make()
    shop.standin.order(Fault("delay", delay_seconds=0.5))
    work = asyncio.create_task(shop.buying.purchases.obtain(order))
    await shop.until(order, "submitting")
    while not shop.standin.creations:
        await asyncio.sleep(0.02)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert (await shop.attempt(order)).state == "submitting", "the answer is still to come"
    await shop.buying.aclose()
    assert (await shop.attempt(order)).provider_id == shop.standin.creations[0].id
    assert await shop.buy(order)
    assert len(shop.standin.creations) == 1


async def test_what_is_withdrawn_while_it_is_sent_is_cancelled_as_soon_as_it_has_an_id(shop, database):
    shop.standin.state.work_seconds = 30
    order = veo_order()
    shop.standin.order(Fault("delay", delay_seconds=0.4))
    work = asyncio.create_task(shop.buying.purchases.obtain(order))
    await shop.until(order, "submitting")
    await shop.buying.purchases.withdraw(order.subject)
    async with database.transaction() as conn:
        # As its watcher does when it is woken too early.
        await conn.execute("UPDATE work_items SET due_at = now() + interval '1 hour'")
    with pytest.raises(BaseException, match="again in"):
        await work
    async with database.connection() as conn:
        assert await conn.fetchval("SELECT due_at <= now() FROM work_items WHERE kind = 'purchase'")


async def test_a_risk_that_was_taken_holds_for_what_turns_out_to_be_unknowable_only_then(shop, database):
    order = omni_order()
    shop.standin.order(Fault("created_drop"))
    with pytest.raises(BaseException):  # noqa: B017 - parked or about to be, as its time has come
        await shop.buying.purchases.obtain(order)
    async with database.transaction() as conn:
        await conn.execute("UPDATE purchases SET state = 'unknown', error = NULL, cost_lines = '[]'")
    bought = await shop.buy(replace(order, round="second"), accept_possible_duplicate=True)
    assert bought.provider_id == shop.standin.creations[-1].id
    assert [attempt.is_abandoned for attempt in await shop.attempts(order)] == [True, False]


@pytest.mark.parametrize("make", [veo_order, omni_order])
async def test_two_workers_on_one_piece_of_work_buy_it_once(shop, make):
    order = make()
    bought = await asyncio.gather(*(shop.buy(order) for _ in range(8)))
    assert len({one.id for one in bought}) == 1
    assert len(shop.standin.creations) == 1


async def test_withdrawing_cancels_at_the_provider_and_books_the_cost(shop, watching):
    shop.standin.state.work_seconds = 30
    order = veo_order()
    buying = asyncio.create_task(shop.refused(order))
    await shop.until(order, "submitted")
    await shop.buying.purchases.withdraw(order.subject)
    assert isinstance((await buying).error, PurchaseWithdrawn)
    assert shop.standin.creations[0].canceled_at is not None
    assert (await shop.attempt(order)).cost_lines[0].amount_micros == 800_000
    assert isinstance((await shop.refused(veo_order(subject=order.subject))).error, PurchaseWithdrawn)
    assert len(shop.standin.creations) == 1


async def test_a_success_that_wins_the_race_is_kept_with_its_cost(shop, watching):
    shop.standin.state.work_seconds = 0.6
    order = veo_order()
    shop.standin.order(Fault("status", on="cancel", status=503, times=50))
    buying = asyncio.create_task(shop.buy(order))
    await shop.until(order, "submitted")
    await shop.buying.purchases.withdraw(order.subject)
    bought = await buying
    assert bought.output is not None
    assert (await shop.attempt(order)).cost_lines[0].state == "actual"


async def test_what_takes_too_long_is_cancelled_and_its_cost_booked(database, standin, tmp_path):
    standin.state.work_seconds = 60
    order = veo_order()
    hasty = replace(TERMS, deadline_seconds=0.5, poll_most_seconds=0.1)
    async with open_shop(database, standin.url, tmp_path, terms=hasty) as (buying, blobs):
        shop = Shop(database, blobs, standin, buying)
        assert isinstance((await shop.refused(order)).error, ProviderTimeout)
        refusal = await shop.refused(order)
        assert isinstance(refusal.error, ProviderTimeout)
        await shop.until(order, "cancelled")
    assert standin.creations[0].canceled_at is not None
    assert (await shop.attempt(order)).cost_lines[0].amount_micros == 800_000


async def test_nobody_waits_any_more_and_it_is_kept_all_the_same(shop, watching):
    shop.standin.state.work_seconds = 0.3
    order = veo_order()
    with pytest.raises(BaseException, match="again in"):
        await shop.buying.purchases.obtain(order)
    attempt = await shop.until(order, "succeeded")
    assert attempt.cost_lines[0].amount_micros == 800_000
    assert attempt.output is not None


async def test_a_provider_without_its_key_is_refused_before_anything_is_written(database, standin, tmp_path):
    async with open_shop(database, standin.url, tmp_path, names=("gemini",)) as (buying, blobs):
        shop = Shop(database, blobs, standin, buying)
        assert isinstance((await shop.refused(order := veo_order())).error, MissingAPIKey)
        assert await shop.attempts(order) == []
