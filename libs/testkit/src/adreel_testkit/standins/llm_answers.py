"""What the stand-in's model writes: scenes that fit the data in the prompt, plain but valid.

It reads what any model would read: the JSON between <customer_data> marks and the figures in the rules.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

# Data found in a prompt: its shape is the asker's business, and what is missing is done without.
Found = Mapping[str, Any]


def answer_to(prompt: str) -> str:
    """A storyboard, one scene or music-video scenes, as the prompt asks; an empty list of scenes for anything else."""
    data = _customer_data(prompt)
    if count := re.search(r"Write exactly (\d+) scenes", prompt):
        return json.dumps({"scenes": [_music_scene(data, number) for number in range(1, int(count.group(1)) + 1)]})
    if number := re.search(r"Rewrite scene (\d+) now", prompt):
        return json.dumps(_one_scene(prompt, data, int(number.group(1))))
    video = data.get("video")
    if not isinstance(video, dict):
        return json.dumps({"scenes": []})
    return json.dumps({"scenes": _scenes(prompt, data, float(video["duration_seconds"]))})


def _scenes(prompt: str, data: Found, seconds: float) -> list[dict[str, object]]:
    rule = re.search(r"Write (\d+) to (\d+) scenes; (\d+) fit", prompt)
    longest = re.search(r"lasts [\d.]+ to ([\d.]+) seconds", prompt)
    count = int(rule.group(3)) if rule else max(3, math.ceil(seconds / (float(longest.group(1)) if longest else 8)))
    each = math.floor(seconds * 10 / count) / 10
    lengths = [each] * (count - 1) + [round(seconds - each * (count - 1), 3)]
    names = [asset["name"] for asset in data.get("assets", []) if asset["type"] in ("image", "video")]
    return [
        {
            "scene_number": number,
            "duration_seconds": length,
            "description": f"{data.get('product', 'The product')} on a table by the window, picture {number}.",
            "script": _script(data, number, is_last=number == count),
            "shot_type": ("wide", "close-up", "medium", "product feature")[number % 4],
            "transition": ("cut", "crossfade", "slide")[number % 3],
            "asset_ids": names[number - 1 :: count],
        }
        for number, length in enumerate(lengths, start=1)
    ]


def _script(data: Found, number: int, *, is_last: bool) -> str:
    if is_last and data.get("call_to_action"):
        return f"{data['call_to_action']}."
    return f"Line {number} about {data.get('product', 'it')}."


def _one_scene(prompt: str, data: Found, number: int) -> dict[str, object]:
    wanted = re.search(r"seconds; ([\d.]+) unless", prompt)
    kept = re.search(r"It keeps ([A-Z0-9, ]+): no other", prompt)
    script = f"Rewritten line {number}."
    if "This is the last scene" in prompt:
        script = f"{script} {data.get('call_to_action', '')}."
    return {
        "scene_number": number,
        "duration_seconds": float(wanted.group(1)) if wanted else 5.0,
        "description": f"Another view of {data.get('product', 'the product')} in the evening; the camera drifts.",
        "script": script,
        "shot_type": "medium",
        "transition": "cut",
        "asset_ids": kept.group(1).split(", ") if kept else [],
    }


def _music_scene(data: Found, number: int) -> dict[str, str]:
    who, idea = data.get("character_description", "Someone"), data.get("idea", "a song")
    return {
        "description": f"Scene {number}: {who} in the story of {idea}; evening light, slow push-in.",
        "negative_description": "text, watermarks, distorted faces",
    }


def _customer_data(prompt: str) -> Found:
    found = re.search(r"<customer_data>\n(.*?)\n\s*</customer_data>", prompt, re.DOTALL)
    if not found:
        return {}
    loaded: Found = json.loads(found.group(1))
    return loaded
