"""What a scene says and when, in frames of its clip: pure, decided before anything is drawn."""

from dataclasses import dataclass, replace

from adreel_render.engine.captions import Phrase, scene_phrases
from adreel_render.engine.spec import Canvas, SceneSpec

_CLEAR_SECONDS = 0.12
"""Type is gone this long before a transition takes the picture, and comes this long after."""

_END_CARD_SHARE = 0.38
_END_CARD_LONGEST_OPENING_SECONDS = 2.6
_END_CARD_NEEDS_SECONDS = 1.8


@dataclass(frozen=True, slots=True)
class TextPlan:
    """A scene's words with their times.

    Type may be seen from frame `start` up to `end`. `phrases` count from the clip's first frame. With
    `is_typographic` the phrases are the picture itself; with `end_card_start` the card comes in then.
    """

    start: int
    end: int
    title: str | None
    phrases: tuple[Phrase, ...]
    is_typographic: bool
    end_card_start: int | None

    @property
    def title_end(self) -> int:
        """A title leaves when the end card comes."""
        return self.end if self.end_card_start is None else self.end_card_start


def plan_text(spec: SceneSpec, canvas: Canvas) -> TextPlan:
    """The plan of a scene: titles open a film, an end card closes it, captions run through."""
    start, end = _seen(spec, canvas)
    card_start = _end_card_start(spec, canvas, start, end)
    is_typographic = not spec.media and card_start is None
    title = _title(spec, has_card_at_once=card_start == start)
    phrases: tuple[Phrase, ...] = ()
    if (spec.captions or is_typographic) and not _repeats(spec):
        said = scene_phrases(spec.script, spec.body_frames, canvas.fps, spec.spoken_frames)
        phrases = _beside_card(_in_clip(said, spec, start, end), spec, card_start)
    if is_typographic and spec.spoken_frames is not None:
        phrases = _held(phrases, start, end)
    if is_typographic and not phrases and title is None:
        title = spec.product
    return TextPlan(start, end, title, phrases, is_typographic, card_start)


def _held(phrases: tuple[Phrase, ...], start: int, end: int) -> tuple[Phrase, ...]:
    """Phrases that are the picture itself: it is not empty before the voice begins, nor after its last word."""
    if not phrases:
        return phrases
    held = [replace(phrases[0], start_frame=start), *phrases[1:]]
    return (*held[:-1], replace(held[-1], end_frame=end))


def _seen(spec: SceneSpec, canvas: Canvas) -> tuple[int, int]:
    """The frames in which type may be seen: the body, clear of transitions."""
    clear = round(_CLEAR_SECONDS * canvas.fps)
    body_start, body_end = spec.head_frames, spec.head_frames + spec.body_frames
    copied_start, copied_end = spec.copied_frames
    start = max(body_start, copied_start - clear)
    end = min(body_end, copied_end + clear)
    if end - start < spec.body_frames // 2:
        start, end = body_start, body_end
    if spec.is_last and spec.tail_frames == 0:
        end = spec.frame_count
    return start, end


def _title(spec: SceneSpec, *, has_card_at_once: bool) -> str | None:
    if has_card_at_once or (spec.is_last and not spec.is_first):
        return None
    if spec.headline and spec.headline.strip():
        return spec.headline
    return spec.product if spec.is_first and spec.product and spec.product.strip() else None


def _end_card_start(spec: SceneSpec, canvas: Canvas, start: int, end: int) -> int | None:
    """The card comes after a clear look at the last picture, or at once where there is none or no time."""
    has_words = any(text and text.strip() for text in (spec.call_to_action, spec.product)) or spec.brand.logo
    if not spec.is_last or not has_words:
        return None
    length = end - start
    opening = min(round(length * _END_CARD_SHARE), round(_END_CARD_LONGEST_OPENING_SECONDS * canvas.fps))
    if not spec.media or length - opening < _END_CARD_NEEDS_SECONDS * canvas.fps:
        return start
    return start + opening


def _repeats(spec: SceneSpec) -> bool:
    """Whether the captions would only say again what the end card says."""
    if not spec.is_last or not spec.call_to_action:
        return False
    said = _letters(spec.script)
    return not said or said in _letters(f"{spec.product or ''} {spec.call_to_action}")


def _beside_card(phrases: tuple[Phrase, ...], spec: SceneSpec, card_start: int | None) -> tuple[Phrase, ...]:
    """The phrases without those that would stand below a card that says the same, word for word."""
    if card_start is None:
        return phrases
    on_card = [_letters(text) for text in (spec.call_to_action, spec.product) if text]
    return tuple(
        phrase
        for phrase in phrases
        if phrase.end_frame <= card_start or not any(_letters(phrase.text) in said for said in on_card)
    )


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _in_clip(phrases: list[Phrase], spec: SceneSpec, start: int, end: int) -> tuple[Phrase, ...]:
    """The phrases moved behind the head handle and cut to the frames where type may be seen."""
    moved = []
    for phrase in phrases:
        first = max(start, phrase.start_frame + spec.head_frames)
        last = min(end, phrase.end_frame + spec.head_frames)
        if phrase is phrases[-1] and spec.is_last:
            last = end
        if last > first:
            moved.append(Phrase(phrase.text, first, last))
    return tuple(moved)
