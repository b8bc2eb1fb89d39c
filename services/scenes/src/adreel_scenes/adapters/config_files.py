"""Files by which a deployment changes defaults and prompts: read once at start, and refused there if they are wrong."""

from importlib.resources.abc import Traversable

# A file beyond this is none of ours.
_MOST_BYTES = 256 * 1024


class ConfigFileBroken(ValueError):
    """A file of defaults or prompts cannot be used; its text names the file and what is wrong."""


def config_text(source: Traversable, place: str) -> str:
    """The file's text; `place` names it in the error. Raises ConfigFileBroken."""
    try:
        with source.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise ConfigFileBroken(f"{place} is larger than {_MOST_BYTES} bytes.")
        return content.decode("utf-8")
    except OSError as error:
        raise ConfigFileBroken(f"{place} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise ConfigFileBroken(f"{place} is no UTF-8 text.") from None
