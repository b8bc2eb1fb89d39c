"""parameters.yaml and scene_prompts.yaml: those within are right, a deployment's own are checked at start."""

import subprocess
import sys

import pytest
from adreel_scenes.adapters.config_files import ConfigFileBroken
from adreel_scenes.adapters.music_config import PARAMETERS, PROMPTS, load_music_config
from adreel_scenes.domain.music import MusicDefaults

GOOD_PROMPT = "version: own.v1\nsystem: You write.\nuser: '{{ data | tojson }} {{ count }}'\n"


def test_those_within_are_right():
    config = load_music_config()
    assert config.defaults == MusicDefaults(
        character_characteristics="",
        number_of_scenes=4,
        video_type="music video",
        video_characteristics="vivid, realistic, cinematic lighting",
        camera_angle="eye level",
        output_dir="",
    )
    assert config.prompts["version"] == "music.v1"


def test_a_deployments_own_stand_in_their_place_one_by_one(tmp_path):
    (tmp_path / PROMPTS).write_text(GOOD_PROMPT)
    config = load_music_config(str(tmp_path))
    assert config.prompts["version"] == "own.v1"
    assert config.defaults.camera_angle == "eye level"
    assert config.sources[PROMPTS] == str(tmp_path / PROMPTS)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (PARAMETERS, "number_of_scenes: 0", "number_of_scenes"),
        (PARAMETERS, "number_of_scenes: 51", "number_of_scenes"),
        (PARAMETERS, "number_of_scenes: many", "number_of_scenes"),
        (PARAMETERS, "number_of_scenes: true", "number_of_scenes"),
        (PARAMETERS, "camera_angel: low", "camera_angel"),
        (PARAMETERS, "camera_angle: [low]", "camera_angle"),
        (PARAMETERS, "output_dir: ../out", "output_dir"),
        (PARAMETERS, "output_dir: /tmp", "output_dir"),
        (PARAMETERS, "- a list", "the file"),
        (PARAMETERS, "", "the file"),
        (PARAMETERS, "a: b: c", "no YAML"),
        (PARAMETERS, "\x00", "no YAML"),
        (PARAMETERS, "x: !!python/object/apply:os.system ['true']", "no YAML"),
        (PARAMETERS, "a" * 300_000, "larger"),
        (PROMPTS, "system: x\nuser: y", "version"),
        (PROMPTS, "version: v1\nsystem: x\nuser: y", "neither"),
        (PROMPTS, GOOD_PROMPT.replace("| tojson", "| tojsn"), "rendered"),
        (PROMPTS, GOOD_PROMPT.replace("{{ count }}", "{{ cuont }}"), "rendered"),
        (PROMPTS, GOOD_PROMPT.replace("}}", "}"), "rendered"),
        (PROMPTS, GOOD_PROMPT + "more: z", "more"),
        (PROMPTS, GOOD_PROMPT.replace("own.v1", "two words"), "version"),
    ],
)
def test_a_broken_file_is_named_with_what_is_wrong(tmp_path, name, text, said):
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigFileBroken, match=said) as raised:
        load_music_config(str(tmp_path))
    assert name in str(raised.value)
    assert "\n" not in str(raised.value)


def test_bytes_that_are_no_text_are_named(tmp_path):
    (tmp_path / PARAMETERS).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigFileBroken, match=PARAMETERS):
        load_music_config(str(tmp_path))


def test_a_directory_that_is_none_is_named():
    with pytest.raises(ConfigFileBroken, match="ADREEL_MV_CONFIG_DIR"):
        load_music_config("/nowhere/at/all")


def test_the_service_stops_with_one_sentence(tmp_path):
    (tmp_path / PARAMETERS).write_text("number_of_scenes: 0")
    ended = subprocess.run(
        [sys.executable, "-m", "adreel_scenes", "grpc"],
        env={
            "DATABASE_URL": "postgresql://127.0.0.1:1/none",
            "ADREEL_BUS_DATABASE_URL": "postgresql://127.0.0.1:1/none",
            "ADREEL_GRPC_PORT": "1",
            "ADREEL_MV_CONFIG_DIR": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert len(ended.stderr.strip().splitlines()) == 1
    assert "parameters.yaml" in ended.stderr
