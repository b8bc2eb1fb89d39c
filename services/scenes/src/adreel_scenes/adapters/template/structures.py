"""The shapes an ad can have: which beats it runs through, for any number of scenes, and which shape fits a brief."""

import re
from collections.abc import Mapping
from random import Random

from adreel_scenes.adapters.template.phrasebook import Category
from adreel_scenes.adapters.template.wording import sentence_key, speakable
from adreel_scenes.domain.brief import StoryBrief
from adreel_scenes.domain.speech import spoken_words

# Each beat with its rank: the lowest ranks stay when there are few scenes. The order is the order in the film.
_SHAPES: Mapping[str, tuple[tuple[str, int], ...]] = {
    "problem_solution": (
        ("problem", 2), ("reveal", 1), ("demo", 4), ("benefit", 3), ("detail", 6), ("audience", 5),
        ("cta", 0),
    ),
    "demonstration": (
        ("hook", 2), ("reveal", 1), ("demo", 3), ("detail", 4), ("benefit", 5), ("proof", 6), ("cta", 0),
    ),
    "testimonial": (
        ("voice_before", 2), ("voice_turn", 1), ("demo", 5), ("voice_after", 3), ("benefit", 4), ("audience", 6),
        ("cta", 0),
    ),
    "launch": (
        ("tease", 2), ("reveal", 1), ("detail", 4), ("demo", 5), ("benefit", 3), ("audience", 6), ("cta", 0),
    ),
    "sale": (
        ("hook", 3), ("reveal", 1), ("offer", 2), ("benefit", 4), ("audience", 5), ("detail", 6), ("cta", 0),
    ),
    "appeal": (
        ("hook", 2), ("problem", 4), ("reveal", 1), ("demo", 5), ("benefit", 3), ("audience", 6), ("cta", 0),
    ),
}  # fmt: skip
COUNTDOWN = "countdown"
REASON = "reason"
_REASON_WORDS = 12
_EXTRA_BEATS = ("demo", "detail", "benefit", "proof", "audience", "offer")

_SIGNS: Mapping[str, str] = {
    COUNTDOWN: r"sale|\d+\s?% off|percent off|only \d+ (?:hours|days)|midnight|"
    r"limited|last chance|ends|until|deadline|black friday|only today|today only|"
    r"hurry|countdown|while stocks|reasons|discount|flash",
    "launch": r"launch\w*|new|introducing|introduce|release\w*|debut|premiere|coming soon|unveil\w*|first look|opening",
    "testimonial": r"customers?|reviews?|trust\w*|testimonials?|stor(?:y|ies)|community|loved|"
    r"recommend\w*|believe|authentic",
    "problem_solution": r"never|no more|stop|without|save|saves|problem|finally|easy|easier|tired|less|fix|solve\w*|"
    r"pain|stress|hassle|struggl\w*|automat\w*",
    "demonstration": r"how|demo|demonstrat\w*|features?|tech\w*|watch|works?|performance|engineered|smart|built|tool",
}


def structure_names() -> tuple[str, ...]:
    """Every shape there is."""
    return (*_SHAPES, COUNTDOWN)


def is_beat(name: str) -> bool:
    """Whether scenes written here have such a beat."""
    return name in {beat for shape in _SHAPES.values() for beat, _ in shape} | {"countdown_open", REASON, *_EXTRA_BEATS}


def choose_structure(brief: StoryBrief, category: Category, count: int, random: Random, *, avoid: str = "") -> str:
    """The shape that the brief's words call for; another one than `avoid`."""
    text = " ".join(
        (brief.ad.key_message, brief.ad.call_to_action, brief.ad.tone, brief.ad.style, brief.campaign.goal,
         brief.campaign.brief, brief.ad.product, *brief.feedback)
    ).casefold()  # fmt: skip
    scores = {name: min(2, len(re.findall(rf"(?<!\w)(?:{signs})(?!\w)", text))) * 2.0 for name, signs in _SIGNS.items()}
    for asset in brief.visual_assets:
        label = f"{asset.role} {asset.name}".casefold()
        scores["testimonial"] += 3 * ("testimonial" in label or "customer" in label)
        scores["demonstration"] += 2 * ("demo" in label or "how" in label)
    if category.name == "cause":
        scores = {"appeal": 6.0, "testimonial": scores["testimonial"], "problem_solution": 2.0}
    urgency = scores.pop(COUNTDOWN, 0.0)
    if urgency:
        is_countdown = count >= 4 and len(reasons_of(brief)) >= count - 2
        scores[COUNTDOWN if is_countdown else "sale"] = urgency
    for name in ("launch", "testimonial"):
        # What is not said to be new is not announced as if it were, and nobody tells what nobody has told us.
        if not scores.get(name):
            scores.pop(name, None)
    scores.pop(avoid, None)
    return max(scores, key=lambda name: scores[name] + random.random() * 1.5)


def reasons_of(brief: StoryBrief) -> list[str]:
    """What the brief itself says for the product, clause by clause: a countdown counts nothing else."""
    ad = brief.ad
    found: dict[str, str] = {}
    for text in (ad.key_message, brief.campaign.brief):
        for clause in re.split(r"[.!?;\n]+(?:\s|$)|,\s+(?:and\s+)?", speakable(text)):
            key = sentence_key(clause)
            if 2 <= spoken_words(clause) <= _REASON_WORDS and f" {key} " not in f" {sentence_key(ad.call_to_action)} ":
                found.setdefault(key, clause.strip())
    # The strongest comes first in a brief and last in a countdown.
    return list(found.values())


def beats_of(structure: str, count: int) -> list[str]:
    """The beats of `count` scenes; the last is always the call to action."""
    if structure == COUNTDOWN:
        return ["countdown_open", *[REASON] * max(0, count - 2), "cta"][-count:]
    shape = _SHAPES[structure]
    if count <= len(shape):
        kept = sorted(range(len(shape)), key=lambda index: shape[index][1])[:count]
        return [shape[index][0] for index in sorted(kept)]
    extra = [_EXTRA_BEATS[index % len(_EXTRA_BEATS)] for index in range(count - len(shape))]
    beats = [beat for beat, _ in shape]
    return [*beats[:-1], *extra, beats[-1]]
