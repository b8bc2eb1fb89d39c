"""The other contenders of the render benchmarks, run by the Python of an environment that has them.

    python render_rivals.py moviepy_ad | xfade | second_decoder FOLDER WIDTH HEIGHT SCENES SECONDS

`xfade` joins the engine's own clips by one ffmpeg command; `moviepy_ad` makes a comparable ad from the same
photographs the way its tutorials do. Both use the engine's encoder settings (veryfast, crf 21, two threads).
"""

import subprocess
import sys
from pathlib import Path

FPS = 30
FADE_FRAMES = FPS // 2
FONT = Path(__file__).parents[2] / "services/render/src/adreel_render/engine/local_fonts/Inter-SemiBold.otf"
SCRIPT = "Twenty-four hours cold, twelve hours hot, and never a drop in your bag."


def xfade(folder: Path, width: int, height: int, scenes: int, seconds: float) -> None:
    """Decode everything, blend with xfade, encode everything."""
    import imageio_ffmpeg

    clips = [next(folder.glob(f"scene-{number}-7.mp4")) for number in range(1, scenes + 1)]
    head = FADE_FRAMES - FADE_FRAMES // 2
    body = round(seconds * FPS)
    filters, last, end = [], "0:v", body + FADE_FRAMES // 2
    for number in range(1, scenes):
        offset = (end - FADE_FRAMES) / FPS
        filters.append(f"[{last}][{number}:v]xfade=transition=fade:duration=0.5:offset={offset:.6f}[v{number}]")
        last = f"v{number}"
        end += body + (FADE_FRAMES // 2 if number < scenes - 1 else 0) + head - FADE_FRAMES
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-y", "-loglevel", "error"]
    for path in (*clips, folder / f"music-{scenes * body / FPS:.1f}.wav"):
        command += ["-i", str(path)]
    command += ["-filter_complex", ";".join(filters), "-map", f"[{last}]", "-map", f"{scenes}:a"]
    command += ["-c:v", "libx264", "-preset", "veryfast", "-crf", "21", "-pix_fmt", "yuv420p", "-threads", "2"]
    command += ["-c:a", "aac", "-b:a", "192k", "-movflags", "+faststart", str(folder / "xfade.mp4")]
    subprocess.run(command, check=True)


def second_decoder(folder: Path, width: int, height: int, scenes: int, seconds: float) -> None:
    """Decode the engine's film with a libav of another version; prints how many complaints it has."""
    import imageio_ffmpeg

    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-hide_banner", "-v", "warning", "-xerror"]
    done = subprocess.run(
        [*command, "-i", str(folder / "film.mp4"), "-f", "null", "-"], capture_output=True, check=True
    )
    print(f'{{"complaints": {len(done.stderr.splitlines())}}}')


def moviepy_ad(folder: Path, width: int, height: int, scenes: int, seconds: float) -> None:
    """Zooming pictures, captions, crossfades, music; pictures are scaled down once before the zoom."""
    from moviepy import AudioFileClip, CompositeVideoClip, ImageClip, TextClip, vfx
    from PIL import Image

    clips = []
    length = seconds + 0.5
    for number in range(scenes):
        small = folder / f"small-{number}.png"
        with Image.open(folder / f"photo-{number}.jpg") as picture:
            picture.resize((width, width * 3 // 4)).crop((0, 0, width, height)).save(small, compress_level=1)
        zoom = ImageClip(str(small)).with_duration(length).resized(lambda t: 1 + 0.15 * t / length)
        text = TextClip(font=str(FONT), text=SCRIPT, font_size=height // 22, color="white")
        text = text.with_duration(length).with_position(("center", 0.85), relative=True)
        scene = CompositeVideoClip([zoom.with_position("center"), text], size=(width, height)).with_duration(length)
        if number:
            scene = scene.with_effects([vfx.CrossFadeIn(0.5)])
        clips.append(scene.with_start(number * seconds))
    total = scenes * seconds
    film = CompositeVideoClip(clips, size=(width, height)).with_duration(total)
    film = film.with_audio(AudioFileClip(str(folder / f"music-{total:.1f}.wav")))
    film.write_videofile(
        str(folder / "moviepy.mp4"), fps=FPS, codec="libx264", preset="veryfast", threads=2, logger=None,
        audio_codec="aac", audio_bitrate="192k", ffmpeg_params=["-crf", "21"],
    )  # fmt: skip


def main() -> None:
    """Run the contender named on the command line."""
    name, folder, width, height, scenes, seconds = sys.argv[1:]
    contender = {"xfade": xfade, "moviepy_ad": moviepy_ad, "second_decoder": second_decoder}[name]
    contender(Path(folder), int(width), int(height), int(scenes), float(seconds))


if __name__ == "__main__":
    main()
