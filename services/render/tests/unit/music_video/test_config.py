"""The files behind `/api/mv`: what comes with the service is right, what is wrong is named in one sentence."""

from pathlib import Path

import pytest
from adreel_render.adapters.mv_files import load_mv_config, read_mv_config
from adreel_render.domain.errors import ParameterRefused
from adreel_render.domain.mv_config import MvConfigError
from adreel_render.domain.mv_models import IMAGE_FIELDS, IMAGE_MODELS, VIDEO_FIELDS, VIDEO_MODELS
from adreel_render.domain.mv_rules import settle


def test_the_built_in_defaults_are_the_contracts_and_suit_every_model() -> None:
    config = read_mv_config(None).config
    assert config.image_defaults["aspect_ratio"] == "1:1"
    assert config.image_defaults["safety_filter_level"] == "block_medium_and_above"
    assert config.image_defaults["person_generation"] == "allow_adult"
    assert config.image_defaults["output_format"] == "png"
    assert (config.video_defaults["aspect_ratio"], config.video_defaults["duration"]) == ("16:9", 8)
    assert config.video_defaults["generate_audio"] is True
    assert config.video_defaults["person_generation"] == "allow_all"
    for model in IMAGE_MODELS.values():
        assert settle({}, config.image_defaults, fields=IMAGE_FIELDS, takes=model.takes).not_applied == ()
    for model in VIDEO_MODELS.values():
        assert settle({}, config.video_defaults, fields=VIDEO_FIELDS, takes=model.takes).not_applied == ()


def test_a_deployments_own_files_take_their_place_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "video_params.yaml").write_text("duration: 4\nresolution: 720p\n")
    (tmp_path / "video_prompts.yaml").write_text("default: mine\ntemplates:\n  mine: 'Say $$5 and $prompt'\n")
    loaded = read_mv_config(tmp_path)
    assert loaded.config.video_defaults == {"duration": 4, "resolution": "720p"}
    assert loaded.config.video_prompts.prompt_for("hello", None) == "Say $5 and hello"
    assert loaded.config.image_defaults["aspect_ratio"] == "1:1"
    assert loaded.sources["video_params.yaml"] == "ADREEL_MV_CONFIG_DIR"
    assert loaded.sources["image_params.yaml"] == "built in"


def test_words_of_a_request_are_never_taken_for_a_template() -> None:
    prompts = read_mv_config(None).config.video_prompts
    assert prompts.prompt_for("$prompt ${HOME} {x} %s $$", None) == "$prompt ${HOME} {x} %s $$"


def test_an_unknown_template_is_refused_with_those_there_are() -> None:
    with pytest.raises(ParameterRefused, match="animation, cinematic, documentary, performance, plain"):
        read_mv_config(None).config.video_prompts.prompt_for("A", "noir")


WRONG = [
    ("image_params.yaml", "aspect_ratio: 5:1"),
    ("image_params.yaml", "seed: yes"),
    ("image_params.yaml", "aspect_ration: '1:1'"),
    ("image_params.yaml", "- a\n- b"),
    ("image_params.yaml", "1: 2"),
    ("image_params.yaml", ""),
    ("image_params.yaml", "a: [unclosed"),
    ("image_params.yaml", "!!python/object/apply:os.system ['true']"),
    ("video_params.yaml", "duration: 8 s"),
    ("video_params.yaml", "duration: 0"),
    ("video_params.yaml", "generate_audio: 'true'"),
    ("video_params.yaml", "resolution: 4k"),
    ("image_prompts.yaml", "template: no place for the words"),
    ("image_prompts.yaml", "template: $character_description and $other"),
    ("image_prompts.yaml", "template: '$character_description $'"),
    ("image_prompts.yaml", "template: ''"),
    ("image_prompts.yaml", "template: 5"),
    ("image_prompts.yaml", "templates: {}"),
    ("video_prompts.yaml", "default: a\ntemplates: {}"),
    ("video_prompts.yaml", "default: b\ntemplates: {a: $prompt}"),
    ("video_prompts.yaml", "templates: {a: $prompt}"),
    ("video_prompts.yaml", "default: a\ntemplates: {a: [b]}"),
    ("video_prompts.yaml", "default: a\ntemplates: {a: '" + "x" * 20_001 + "$prompt'}"),
    ("video_prompts.yaml", "default: a\ntemplates: {a: $prompt}\nextra: 1"),
]


@pytest.mark.parametrize(("name", "text"), WRONG)
def test_a_wrong_file_stops_the_service_with_one_sentence_that_names_it(tmp_path, capsys, name, text) -> None:
    (tmp_path / name).write_text(text)

    with pytest.raises(SystemExit) as stopped:
        load_mv_config(tmp_path)

    assert stopped.value.code == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith(f"The file {name} ")
    assert said.endswith(".")
    assert "\n" not in said
    assert str(tmp_path) not in said


def test_files_that_are_no_text_or_too_large_are_named_too(tmp_path: Path) -> None:
    (tmp_path / "image_params.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MvConfigError, match=r"image_params\.yaml"):
        read_mv_config(tmp_path)
    (tmp_path / "image_params.yaml").write_bytes(b"#" * 300_000)
    with pytest.raises(MvConfigError, match="larger"):
        read_mv_config(tmp_path)
