"""Which font draws which character, and runs of text cut accordingly. Never a tofu box.

Inter draws Latin, Greek, Cyrillic and Vietnamese; Noto Sans the scripts bundled beside it; Noto Sans CJK, which comes
as packages of its own, Chinese, Japanese and Korean; a system's fonts the rest where they are installed. A character
that no font has is left out. The chain's fingerprint is part of every scene key, because a machine with other fonts
draws other pictures.
"""

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from PIL import ImageFont

from adreel_render.engine.plain_shaping import has_shaping, joined

_BUNDLED = Path(__file__).parent / "local_fonts"

_SYSTEM_FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path(os.path.expanduser("~/.local/share/fonts")),  # not Path.expanduser, which raises where there is no home
    Path("/Library/Fonts"),
    Path("/System/Library/Fonts"),
)
_RARER_SCRIPTS = (
    *("Bengali", "Gujarati", "Gurmukhi", "Kannada", "Malayalam", "Oriya", "Sinhala", "Tamil", "Telugu"),
    *("Armenian", "Ethiopic", "Georgian", "Khmer", "Lao", "Myanmar"),
)
_SYSTEM_FALLBACKS = (
    *(rf"NotoSans{script}(-Regular|-Bold)?" for script in _RARER_SCRIPTS),
    r"NotoSansSymbols2?-Regular|DejaVuSans",
)
_FONT_FILES = (".ttf", ".otf", ".ttc", ".woff", ".woff2")
_PROBE_SIZE_PX = 24
_LEFT_OUT = "\ufffc"


class Weight(StrEnum):
    """How heavy type is set: text, captions, titles."""

    REGULAR = "regular"
    SEMIBOLD = "semibold"
    BOLD = "bold"


_INTER = {
    Weight.REGULAR: "Inter-Regular.otf",
    Weight.SEMIBOLD: "Inter-SemiBold.otf",
    Weight.BOLD: "InterDisplay-Bold.otf",
}
_CJK = {
    Weight.REGULAR: ("noto_cjk_sans_jp_regular", "NotoSansCJKjp-Regular.otf"),
    Weight.SEMIBOLD: ("noto_cjk_sans_jp_bold", "NotoSansCJKjp-Bold.otf"),
    Weight.BOLD: ("noto_cjk_sans_jp_bold", "NotoSansCJKjp-Bold.otf"),
}
"""Package and file. Each file holds the shapes of all four regions; `han_language` says which a text wants."""
_NOTO_SCRIPTS = ("Arabic", "Hebrew", "Thai", "Devanagari")


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text that one font draws."""

    text: str
    font: ImageFont.FreeTypeFont

    @property
    def length_px(self) -> float:
        """Its advance."""
        return float(self.font.getlength(self.text))


class Typeface:
    """A weight of the engine's type, with its chain of fallbacks."""

    def __init__(self, weight: Weight, family: str | None = None) -> None:
        self._paths = font_chain(weight, family)

    def runs(self, text: str, size_px: int) -> list[Run]:
        """The text in pieces by font, in reading order; characters that no font has are gone."""
        pieces: list[tuple[Path, str]] = []
        for cluster in _clusters(text):
            preferred = pieces[-1][0] if pieces else None
            path = self._path_for(cluster, preferred)
            if path is None:
                continue
            if pieces and path == preferred:
                pieces[-1] = (path, pieces[-1][1] + cluster)
            else:
                pieces.append((path, cluster))
        return [Run(part, load_font(path, size_px)) for path, piece in pieces for part in _without_edge_blanks(piece)]

    def length_px(self, text: str, size_px: int) -> float:
        """The advance of a line of text."""
        return sum(run.length_px for run in self.runs(text, size_px))

    def drawable(self, text: str) -> str:
        """The text without what cannot be drawn, its blanks tidied."""
        shown = (cluster if self._path_for(cluster, None) is not None else _LEFT_OUT for cluster in _clusters(text))
        # "mountains ⛰!" without the mountain is "mountains!".
        kept = re.sub(rf"[^\S\n]*{_LEFT_OUT}+(?=[,.;:!?…])", "", "".join(shown)).replace(_LEFT_OUT, "")
        return re.sub(r"[^\S\n\u00a0\u202f]+", " ", kept).strip()

    def metrics_px(self, text: str, size_px: int) -> tuple[int, int]:
        """(ascent, descent): what lines of a text need above and below their baseline, in all its scripts."""
        fonts = [load_font(self._paths[0], size_px), *(run.font for run in self.runs(text, size_px))]
        metrics = [font.getmetrics() for font in fonts]
        return max(ascent for ascent, _ in metrics), max(descent for _, descent in metrics)

    def _path_for(self, cluster: str, preferred: Path | None) -> Path | None:
        if cluster.isspace():
            return preferred or self._paths[0]
        is_neutral = all(unicodedata.category(char)[0] in "PSN" for char in cluster)
        if preferred is not None and is_neutral and _has_all(preferred, cluster):
            return preferred
        return next((path for path in self._paths if _has_all(path, cluster)), None)


def font_chain(weight: Weight, family: str | None = None) -> tuple[Path, ...]:
    """Font files for a weight in the order they are asked: the brand's own, Inter, Noto Sans, the system's."""
    noto_weight = "Regular" if weight is Weight.REGULAR else "Bold"
    bundled = (_BUNDLED / _INTER[weight], *(_BUNDLED / f"NotoSans{name}-{noto_weight}.woff" for name in _NOTO_SCRIPTS))
    own = _family_file(family, weight) if family else None
    package, name = _CJK[weight]
    cjk = Path(str(files(package) / name))
    return (*((own,) if own else ()), *bundled, cjk, *_system_fallbacks(weight is not Weight.REGULAR))


def han_language(text: str) -> str | None:
    """The language whose shapes a text's Han characters should have, as OpenType knows it; None for a text without any.

    Kana are Japanese, Hangul is Korean. Characters alone: what the simplified standard set (GB 2312) holds is Chinese
    of the mainland, else what the traditional one (Big5) holds is that of Taiwan, else it is Japanese.
    """
    if re.search(r"[\u3041-\u30ff\uff66-\uff9f]", text):
        return "ja"
    if re.search(r"[\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e]", text):
        return "ko"
    han = "".join(re.findall(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]", text))
    if not han:
        return None
    return next((language for codec, language in _HAN_SETS if _is_in(codec, han)), "ja")


_HAN_SETS = (("gb2312", "zh-Hans"), ("big5", "zh-Hant"))


def _is_in(codec: str, text: str) -> bool:
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


@lru_cache(maxsize=64)
def fonts_fingerprint(family: str | None = None) -> str:
    """Changes whenever text would be drawn otherwise: names and sizes of the font files, hashed."""
    names = [f"{p.name}:{p.stat().st_size}" for weight in Weight for p in font_chain(weight, family)]
    names += [] if has_shaping() else ["letters one after another"]
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


@lru_cache(maxsize=256)
def load_font(path: Path, size_px: int) -> ImageFont.FreeTypeFont:
    """A font at a size."""
    return ImageFont.truetype(str(path), size_px)


@lru_cache(maxsize=1)
def _system_files() -> tuple[Path, ...]:
    found: list[Path] = []
    for folder in _SYSTEM_FOLDERS:
        if folder.is_dir():
            found += [path for path in folder.rglob("*") if path.suffix.lower() in _FONT_FILES]
    return tuple(sorted(found, key=lambda path: (path.name, str(path))))


@lru_cache(maxsize=2)
def _system_fallbacks(is_bold: bool) -> tuple[Path, ...]:
    """The first file of each kind, in the weight nearest to the one wanted."""
    chosen: list[Path] = []
    for pattern in _SYSTEM_FALLBACKS:
        fitting = [path for path in _system_files() if re.fullmatch(pattern, path.stem, re.IGNORECASE)]
        fitting.sort(key=lambda path: ("bold" in path.stem.lower()) is not is_bold)
        chosen += [path for path in fitting[:1] if _opens(path)]
    return tuple(chosen)


@lru_cache(maxsize=64)
def _family_file(family: str, weight: Weight) -> Path | None:
    """A system font of that family, if one is installed: "Open Sans" finds OpenSans-Bold.ttf."""
    stem = re.sub(r"[^a-z0-9]", "", family.lower())
    words = {Weight.REGULAR: ("regular", ""), Weight.SEMIBOLD: ("semibold", "bold", ""), Weight.BOLD: ("bold", "")}
    by_name = {re.sub(r"[^a-z0-9]", "", path.stem.lower()): path for path in _system_files()}
    candidates = (by_name.get(stem + word) for word in words[weight])
    return next((path for path in candidates if stem and path is not None and _opens(path)), None)


def _opens(path: Path) -> bool:
    try:
        load_font(path, _PROBE_SIZE_PX)
    except OSError:
        return False
    return True


_JOINERS = "\u200c\u200d"


def _clusters(text: str) -> Iterator[str]:
    """Characters with the marks that belong to them; control and direction characters are gone, joiners stay."""
    cluster = ""
    for char in joined(unicodedata.normalize("NFC", text)):
        category = unicodedata.category(char)
        is_mark = category in ("Mn", "Me", "Mc") or char in _JOINERS
        if (category in ("Cc", "Cs", "Co", "Cn") and not char.isspace()) or (category == "Cf" and not is_mark):
            continue
        if not cluster and is_mark:
            continue
        if cluster and (is_mark or cluster[-1] == "\u200d"):
            cluster += char
            continue
        if cluster:
            yield cluster
        cluster = char
    if cluster:
        yield cluster


def _without_edge_blanks(piece: str) -> list[str]:
    """The piece with the blanks at its ends as pieces of their own, which keep their side when runs are reversed."""
    inner = piece.strip()
    if not inner or inner == piece:
        return [piece]
    start = piece.index(inner)
    return [part for part in (piece[:start], inner, piece[start + len(inner) :]) if part]


@lru_cache(maxsize=8192)
def _has_all(path: Path, cluster: str) -> bool:
    return all(_has_glyph(path, char) for char in cluster)


@lru_cache(maxsize=8192)
def _has_glyph(path: Path, char: str) -> bool:
    """Whether a font draws a character: its picture differs from that of a character no font has."""
    if unicodedata.category(char) == "Cf":
        return char not in "\u200d\ufe0f" or _has_visible_joiner(path)
    return _picture_of(path, char) != _picture_of_none(path)


def _has_visible_joiner(path: Path) -> bool:
    """Arabic and Indic fonts shape with joiners; everywhere else they glue emoji, which are left out."""
    return "NotoSans" in path.name


def _picture_of(path: Path, char: str) -> tuple[tuple[int, int], bytes]:
    mask = _probe(path).getmask(char, mode="L")
    return mask.size, bytes(mask)


@lru_cache(maxsize=64)
def _picture_of_none(path: Path) -> tuple[tuple[int, int], bytes]:
    """What a font draws for a character that no font has."""
    return _picture_of(path, "\U0010fffe")


@lru_cache(maxsize=64)
def _probe(path: Path) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), _PROBE_SIZE_PX, layout_engine=ImageFont.Layout.BASIC)
