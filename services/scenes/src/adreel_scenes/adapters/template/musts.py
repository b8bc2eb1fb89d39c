"""What each scene must say of the user's own: message, audience, price, phrases asked for, and the count of reasons."""

from collections.abc import Sequence

from adreel_scenes.adapters.template.narrator import Narrator
from adreel_scenes.adapters.template.setup import Setup
from adreel_scenes.adapters.template.structures import REASON, reasons_of
from adreel_scenes.domain.rules import carries_call_to_action

# The beats that carry a thing, best first; one that the shape does not have is passed over.
_MESSAGE_BEATS = ("benefit", "voice_after", "detail", "demo", "reveal", "voice_turn", "cta")
# Not a complaint: "This one is for you" would be said of the trouble.
_AUDIENCE_BEATS = ("audience", "proof", "demo", "detail", "hook", "tease", "benefit", "cta")
_QUOTE_BEATS = ("reveal", "voice_turn", "benefit", "demo", "detail", REASON, "cta")
_MENTION_BEATS = ("offer", "benefit", "detail", "demo", "voice_after", "reveal", "cta")


def musts_of(setup: Setup, narrator: Narrator, beats: Sequence[str]) -> list[list[str]]:
    """The sentences that each scene must hold, beside those of the copybook."""
    musts: list[list[str]] = [counted(setup, narrator, beat, index, len(beats)) for index, beat in enumerate(beats)]
    budget = int(setup.brief.video.duration_ms / 1000 * setup.pace.most)
    if REASON not in beats and (message := narrator.message(max(6, budget // 2))):
        index = _place(beats, _MESSAGE_BEATS, prefer_last=True)
        musts[index].append(message)
    for quote in setup.directions.quotes[:2]:
        if line := narrator.quote_line(quote):
            musts[_emptiest(beats, _QUOTE_BEATS, musts)].append(line)
    for fact in setup.directions.mentions[:2]:
        if line := narrator.mention_line(fact):
            musts[_emptiest(beats, _MENTION_BEATS, musts)].append(line)
    if (
        not setup.directions.less_text
        and REASON not in beats
        and (line := narrator.spend(narrator.audience_line(max(3, budget // 5))))
    ):
        musts[_emptiest(beats, _AUDIENCE_BEATS, musts)].append(line)
    if setup.directions.mention_price or _is_unsaid(setup):
        musts[max(0, len(beats) - 2)].append(narrator.price_line(setup.price))
    return musts


def counted(setup: Setup, narrator: Narrator, beat: str, index: int, count: int) -> list[str]:
    """The counting of a countdown: how many reasons there are, and which one this is, in the brief's own words."""
    if beat == "countdown_open":
        return [narrator.count_opening(count - 2)]
    if beat == REASON:
        number = count - 1 - index
        reasons = reasons_of(setup.brief)
        told = [narrator.reason_line(reasons[number - 1])] if number <= len(reasons) else []
        return [narrator.count_line(number), *told]
    return []


def _is_unsaid(setup: Setup) -> bool:
    """A price that the brief names but neither the message nor the call to action says."""
    ad = setup.brief.ad
    spoken = f"{ad.key_message} {ad.call_to_action} {ad.product}"
    return setup.price is not None and not carries_call_to_action(spoken, setup.price)


def _place(beats: Sequence[str], wanted: Sequence[str], *, prefer_last: bool = False) -> int:
    for beat in wanted:
        found = [index for index, name in enumerate(beats) if name == beat]
        if found:
            return found[-1] if prefer_last else found[0]
    return len(beats) - 1


def _emptiest(beats: Sequence[str], wanted: Sequence[str], musts: Sequence[Sequence[str]]) -> int:
    """The first wanted beat that has nothing to say yet, else the one with the least."""
    found = [index for beat in wanted for index, name in enumerate(beats) if name == beat]
    return min(found or range(len(beats)), key=lambda index: len(musts[index]))
