"""Both sides of every event: what is published fits the schema, what is consumed is understood."""

from pathlib import Path

import pytest
import yaml
from adreel import events as manifest
from adreel_kit.bus import MessageDeadLettered
from adreel_kit.envelope import Envelope
from jsonschema import Draft202012Validator

ROOT = Path(__file__).parents[2]
NAMES = sorted(yaml.safe_load((ROOT / "proto" / "events" / "catalogue.yaml").read_text())["events"])

# What SPEC.md section 6 names as the least.
PROMISED = {
    "job.created", "job.status_changed", "job.cancelled", "assets.ingest_requested", "asset.ready", "asset.failed",
    "storyboard.requested", "storyboard.ready", "storyboard.failed", "scene.updated", "storyboard.locked",
    "render.requested", "clip.ready", "render.progressed", "render.completed", "render.failed",
}  # fmt: skip


def test_the_catalogue_holds_every_promised_event_with_a_version():
    assert {f"{name}.v1" for name in PROMISED} <= set(NAMES)


def test_the_generated_manifest_is_the_catalogue(catalogue):
    assert {name: entry["producer"] for name, entry in catalogue.items()} == manifest.PRODUCERS
    assert {name: tuple(sorted(entry["consumers"])) for name, entry in catalogue.items()} == manifest.CONSUMERS


@pytest.mark.parametrize("name", NAMES)
def test_each_event_has_a_schema_and_a_minimal_and_a_full_example(name, schemas, examples):
    Draft202012Validator.check_schema(schemas[name])
    assert {"minimal", "full"} <= set(examples[name])
    validator = Draft202012Validator(schemas[name], format_checker=Draft202012Validator.FORMAT_CHECKER)
    for example in examples[name].values():
        envelope = Envelope.model_validate(example)
        assert envelope.type == name
        assert list(validator.iter_errors(example["data"])) == []
    assert set(examples[name]["full"]["data"]) == set(schemas[name]["properties"]), "the full example shows every field"
    assert set(examples[name]["minimal"]["data"]) == set(schemas[name]["required"])


@pytest.mark.parametrize("name", NAMES)
def test_what_the_producer_publishes_fits_the_schema(name, catalogue, schemas, examples, event_classes):
    producer = catalogue[name]["producer"]
    if producer is None:
        classes = [MessageDeadLettered]
    else:
        classes = [cls for cls in event_classes[producer] if name == cls.TYPE]
    assert classes, f"{producer} defines no event {name}"
    validator = Draft202012Validator(schemas[name], format_checker=Draft202012Validator.FORMAT_CHECKER)
    for cls in classes:
        published = cls.model_validate(examples[name]["full"]["data"]).model_dump(mode="json")
        assert list(validator.iter_errors(published)) == []
        unknown = set(cls.model_fields) - set(schemas[name]["properties"])
        assert not unknown, f"{cls.__name__} publishes fields that the schema does not know"


@pytest.mark.parametrize("name", NAMES)
def test_every_consumer_understands_every_example(name, catalogue, examples, event_classes):
    for consumer in catalogue[name]["consumers"]:
        classes = [cls for cls in event_classes[consumer] if name == cls.TYPE]
        if name == MessageDeadLettered.TYPE and not classes:
            classes = [MessageDeadLettered]
        assert classes, f"{consumer} defines no model of {name}"
        for cls in classes:
            for example in examples[name].values():
                cls.model_validate(example["data"])
                cls.model_validate(example["data"] | {"a_field_of_tomorrow": 1})
