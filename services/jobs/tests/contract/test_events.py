"""The catalogue against the code: what jobs publishes fits the schemas, what it consumes fits the examples."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from adreel.events import CONSUMERS, PRODUCERS
from adreel_jobs.domain import events
from adreel_jobs.entrypoints.facts import CONSUMED
from adreel_kit.envelope import Event
from jsonschema import Draft202012Validator

CATALOGUE = Path(__file__).parents[4] / "proto" / "events"
ID = uuid4()

VIDEO = events.VideoPart(
    duration_seconds=30,
    aspect_ratio="16:9",
    resolution="1080p",
    fps=30,
    captions=True,
    voiceover=False,
    backend="local",
)
BRIEF = events.BriefPart(product="p", target_audience="t", key_message="k", call_to_action="c")
ASSET = events.ReadyAssetPart(
    asset_id=ID, type="image", format="jpeg", name="n", sha256="ab" * 32, size_bytes=1, width_px=2, height_px=1
)
SCENE: Mapping[str, Any] = {
    "id": str(ID),
    "scene_number": 1,
    "duration_seconds": 6.0,
    "description": "d",
    "script": "s",
    "shot_type": "wide",
    "transition": "cut",
    "asset_ids": [str(ID)],
    "revision": 1,
    "metadata": {},
}
PUBLISHED: tuple[Event, ...] = (
    events.JobCreated(job_id=ID, client_id=ID, video=VIDEO),
    events.JobCreated(job_id=ID, client_id=ID, campaign_id=ID, user_id="u", video=VIDEO),
    events.JobStatusChanged(
        job_id=ID, client_id=ID, version=3, from_status="pending", to_status="storyboard_review", cause="ready"
    ),
    events.JobStatusChanged(
        job_id=ID,
        client_id=ID,
        campaign_id=ID,
        version=3,
        from_status="rendering",
        to_status="failed",
        phase="composing",
        cause="render failed",
        error=events.ErrorPart(code="JOB_STALLED", message="m", details={"step": "render"}, kind="timeout"),
        webhook_url="https://example.com/hook",
    ),
    events.JobCancelled(job_id=ID, version=4),
    events.JobCancelled(job_id=ID, version=4, reason="Wrong product"),
    events.AssetsIngestRequested(
        job_id=ID,
        client_id=ID,
        items=(
            events.IngestItem(asset_id=ID),
            events.IngestItem(asset_id=ID, url="https://a.example", type="image", name="n", role="hero"),
        ),
    ),
    events.StoryboardRequested(job_id=ID, request_id=ID, mode="new", client_id=ID, brief=BRIEF, assets=(), video=VIDEO),
    events.StoryboardRequested(
        job_id=ID,
        request_id=ID,
        mode="scene",
        scene_number=2,
        feedback="f",
        feedback_history=("a",),
        constraints=events.ConstraintsPart(duration_seconds=5, style="noir", shot_type="wide"),
        client_id=ID,
        brief=BRIEF,
        brand=events.BrandPart(name="b", colors=("#fff",), fonts=("Inter",), tone="calm", logo_asset_id=ID),
        campaign=events.CampaignPart(name="c", goal="g", brief="b", product_url="https://a.example"),
        assets=(ASSET,),
        video=VIDEO.model_copy(update={"music_asset_id": ID}),
    ),
    events.RenderRequested(
        job_id=ID,
        render_id=ID,
        client_id=ID,
        storyboard_version=2,
        scenes=(SCENE,),
        assets=(ASSET,),
        brief=BRIEF,
        brand=events.BrandPart(name="b"),
        video=VIDEO,
        accept_possible_duplicate=True,
    ),
)


def consumed_examples() -> Iterator[tuple[type[Event], Path]]:
    for model in CONSUMED:
        for path in sorted((CATALOGUE / "examples" / model.TYPE).glob("*.json")):
            yield model, path


@pytest.mark.parametrize("event", PUBLISHED, ids=lambda event: event.TYPE)
def test_published_event_fits_its_schema(event: Event) -> None:
    schema = json.loads((CATALOGUE / f"{event.TYPE}.schema.json").read_text())
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert [fault.message for fault in validator.iter_errors(event.model_dump(mode="json"))] == []


def test_everything_the_catalogue_says_jobs_publishes_is_tried() -> None:
    assert {event.TYPE for event in PUBLISHED} == {one for one, producer in PRODUCERS.items() if producer == "jobs"}


@pytest.mark.parametrize(("model", "path"), list(consumed_examples()), ids=lambda one: getattr(one, "stem", None))
def test_consumed_event_takes_every_example(model: type[Event], path: Path) -> None:
    data = json.loads(path.read_text())["data"]
    event = model.model_validate(data)
    # What the model reads is really taken from the example.
    for name in model.model_fields.keys() & data.keys():
        assert getattr(event, name) is not None or data[name] is None


def test_every_consumed_type_has_at_least_two_examples() -> None:
    counted = {model.TYPE: 0 for model in CONSUMED}
    for model, _ in consumed_examples():
        counted[model.TYPE] += 1
    assert min(counted.values()) >= 2


def test_everything_the_catalogue_sends_to_jobs_is_consumed() -> None:
    assert {model.TYPE for model in CONSUMED} == {one for one, takers in CONSUMERS.items() if "jobs" in takers}
