"""The job's nested values as JSON documents and back.

Reading is lenient towards fields added since a row was written: what is missing gets the value's default.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from adreel_jobs.domain.cost import CostLine
from adreel_jobs.domain.job_input import AdBasics, AssetInput, Direction, JobContext, JobInput, VideoSpec
from adreel_jobs.domain.job_parts import (
    ErrorInfo,
    Progress,
    Render,
    SceneConstraints,
    StoryboardState,
    Writing,
    WritingMode,
)

# JSON objects of these documents, whose shapes are the dataclasses' own.
Document = Mapping[str, Any]


def input_document(value: JobInput) -> Document:
    return asdict(value)


def read_input(document: Document) -> JobInput:
    direction = document["direction"]
    return JobInput(
        context=JobContext(**document["context"]),
        ad_basics=AdBasics(**document["ad_basics"]),
        direction=Direction(direction["style"], direction["tone"], tuple(direction["visual_elements"])),
        assets=tuple(AssetInput(**asset) for asset in document["assets"]),
        video=VideoSpec(**document["video"]),
        webhook_url=document["webhook_url"],
    )


def read_progress(document: Document) -> Progress:
    return Progress(**document)


def read_storyboard(document: Document) -> StoryboardState:
    return StoryboardState(
        **{**document, "feedback": tuple(document["feedback"]), "warnings": tuple(document["warnings"])}
    )


def writing_document(value: Writing | None) -> Document | None:
    return None if value is None else {**asdict(value), "request_id": str(value.request_id)}


def read_writing(document: Document | None) -> Writing | None:
    if document is None:
        return None
    constraints = document["constraints"]
    return Writing(
        request_id=UUID(document["request_id"]),
        mode=WritingMode(document["mode"]),
        scene_number=document["scene_number"],
        feedback=document["feedback"],
        constraints=None if constraints is None else SceneConstraints(**constraints),
    )


def render_document(value: Render | None) -> Document | None:
    if value is None:
        return None
    return {
        "render_id": str(value.render_id),
        "sequence": value.sequence,
        "scenes_ready": sorted(value.scenes_ready),
        "accept_possible_duplicate": value.accept_possible_duplicate,
    }


def read_render(document: Document | None) -> Render | None:
    if document is None:
        return None
    return Render(
        render_id=UUID(document["render_id"]),
        sequence=document["sequence"],
        scenes_ready=frozenset(document["scenes_ready"]),
        accept_possible_duplicate=document["accept_possible_duplicate"],
    )


def error_document(value: ErrorInfo | None) -> Document | None:
    return None if value is None else {**asdict(value), "details": dict(value.details)}


def read_error(document: Document | None) -> ErrorInfo | None:
    return None if document is None else ErrorInfo(**document)


def read_cost_line(document: Document) -> CostLine:
    return CostLine(**document)
