"""Bounds of a storyboard: the service's own (settings) and those of the backend that will render it.

Lengths are integer milliseconds, so a total never drifts.
"""

from dataclasses import dataclass

DURATION_TOLERANCE_MS = 100


@dataclass(frozen=True, slots=True)
class StoryLimits:
    """How many scenes a storyboard has, how short one may be, and how much text it may hold."""

    min_scenes: int = 3
    max_scenes: int = 7
    min_scene_ms: int = 1_000
    max_description_characters: int = 2_000
    max_script_characters: int = 1_500
    max_metadata_characters: int = 8_000
    max_assets_per_scene: int = 20

    def __post_init__(self) -> None:
        if not 1 <= self.min_scenes <= self.max_scenes <= 50:
            raise ValueError("SCENES_PER_VIDEO_MIN and SCENES_PER_VIDEO_MAX must be 1 <= min <= max <= 50")

    def shortest_scene_ms(self, total_ms: int) -> int:
        """The shortest scene allowed in a film of `total_ms`: a very short film may need shorter ones."""
        return min(self.min_scene_ms, total_ms // self.min_scenes)


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """The clip to be made for a scene: at least as long as the scene, trimmed to it afterwards."""

    clip_ms: int
    uses_reference: bool


@dataclass(frozen=True, slots=True)
class BackendLimits:
    """What a clip backend can make. `clip_lengths_ms` are the only lengths it takes; empty means any in the range.

    `reference_aspect_ratio` and `reference_clip_ms`: the one shape and length in which it takes reference images
    (None: no such restriction).
    """

    name: str
    shortest_clip_ms: int
    longest_clip_ms: int
    clip_lengths_ms: tuple[int, ...] = ()
    reference_aspect_ratio: str | None = None
    reference_clip_ms: int | None = None

    def covers(self, scene_ms: int) -> bool:
        """Whether one clip of this backend is long enough for a scene of `scene_ms`."""
        return scene_ms <= self.longest_clip_ms

    def plan_clip(self, scene_ms: int, *, wants_reference: bool = False, aspect_ratio: str = "16:9") -> ClipPlan:
        """The shortest clip that covers the scene; with a reference image only where shape and length allow one."""
        if not self.covers(scene_ms):
            raise ValueError(f"{self.name} makes clips of at most {self.longest_clip_ms} ms, not {scene_ms}")
        shape_fits = self.reference_aspect_ratio in (None, aspect_ratio)
        if wants_reference and shape_fits:
            if self.reference_clip_ms is None:
                return ClipPlan(self._covering_ms(scene_ms), uses_reference=True)
            if scene_ms <= self.reference_clip_ms:
                return ClipPlan(self.reference_clip_ms, uses_reference=True)
        return ClipPlan(self._covering_ms(scene_ms), uses_reference=False)

    def _covering_ms(self, scene_ms: int) -> int:
        if not self.clip_lengths_ms:
            return max(scene_ms, self.shortest_clip_ms)
        return min(length for length in self.clip_lengths_ms if length >= scene_ms)


# PROVIDERS.md sections 2 and 3, as of 2026-11: veo makes 4, 6 or 8 s, references only at 16:9 and 8 s; omni 3 to 15 s.
VEO_BACKEND = BackendLimits(
    name="replicate",
    shortest_clip_ms=4_000,
    longest_clip_ms=8_000,
    clip_lengths_ms=(4_000, 6_000, 8_000),
    reference_aspect_ratio="16:9",
    reference_clip_ms=8_000,
)
OMNI_BACKEND = BackendLimits(name="gemini", shortest_clip_ms=3_000, longest_clip_ms=15_000)
LOCAL_BACKEND = BackendLimits(name="local", shortest_clip_ms=100, longest_clip_ms=600_000)

BACKENDS = {backend.name: backend for backend in (VEO_BACKEND, OMNI_BACKEND, LOCAL_BACKEND)}
