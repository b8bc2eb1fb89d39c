"""A deployment's own prompts: taken one by one, named by what they say, and refused at start where they are wrong."""

import pytest
from adreel_scenes.adapters.config_files import ConfigFileBroken
from adreel_scenes.adapters.prompt_files import PromptFiles, packaged_prompts
from adreel_scenes.adapters.prompting import check_prompts, repair_prompt, scene_prompt, storyboard_prompt
from adreel_scenes.domain.ports import RewriteRequest, WriteRequest
from adreel_scenes.domain.problems import Problem

OWN = """{% block system %}You write for Acme.{% endblock %}
{% block user %}<customer_data>
{{ data | tojson }}
</customer_data>{% endblock %}"""


def test_ours_pass_their_own_check_and_have_numbered_versions():
    check_prompts(packaged_prompts())
    assert [packaged_prompts().version(name) for name in ("storyboard", "scene", "repair")] == [
        "storyboard.v2",
        "scene.v2",
        "repair.v1",
    ]


def test_one_file_takes_the_place_of_one_prompt_and_its_text_names_it(build, tmp_path):
    (tmp_path / "storyboard.md.j2").write_text(OWN)
    own = PromptFiles(str(tmp_path))
    check_prompts(own)
    prompt = storyboard_prompt(WriteRequest(build.brief(product="Kite")), own)
    assert prompt.system == "You write for Acme."
    assert '"Kite"' in prompt.user
    assert prompt.version.startswith("storyboard.")
    assert prompt.version not in ("storyboard.v1", "storyboard.v2")
    (tmp_path / "storyboard.md.j2").write_text(OWN + " ")
    assert PromptFiles(str(tmp_path)).version("storyboard") != prompt.version
    scenes = (build.content(),) * 3
    assert scene_prompt(RewriteRequest(build.brief(), scenes, 2), own).version == "scene.v2"
    assert "There is none." in repair_prompt([Problem("X", "scenes", "There is none.")], own)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("storyboard.md.j2", "{% block system %}x{% endblock %}", "no block user"),
        ("scene.md.j2", "{% block user %}{{ data | tojson }}{% endblock %}", "no block system"),
        ("storyboard.md.j2", "{% block system %}{{ oops %}", "no template"),
        ("storyboard.md.j2", OWN.replace("data |", "brief |"), "cannot be rendered"),
        ("scene.md.j2", OWN.replace("{{ data | tojson }}", ""), "scene.md.j2 is wrong: it does not hold"),
        ("repair.md.j2", "{% block user %}Again, please.{% endblock %}", "does not hold the problems"),
        ("scene.md.j2", "x" * 300_000, "larger than"),
        ("scene.md.j2", b"\xff\xfe", "no UTF-8"),
    ],
)
def test_what_cannot_be_a_prompt_stops_the_service_and_is_named(tmp_path, name, text, said):
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigFileBroken, match=said):
        check_prompts(PromptFiles(str(tmp_path)))


def test_a_directory_that_is_none_is_named(tmp_path):
    with pytest.raises(ConfigFileBroken, match="ADREEL_PROMPTS_DIR"):
        PromptFiles(str(tmp_path / "gone"))
