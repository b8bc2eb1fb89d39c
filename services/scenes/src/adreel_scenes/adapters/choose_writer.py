"""Which writer a deployment has: the provider it names, else the one whose key is set, else the template writer.

A provider that is named without its key stops the service at start; it is never silently replaced.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from adreel_scenes.adapters.llm_anthropic import DEFAULT_MODEL as ANTHROPIC_MODEL
from adreel_scenes.adapters.llm_anthropic import AnthropicModel
from adreel_scenes.adapters.llm_gemini import DEFAULT_MODEL as GEMINI_MODEL
from adreel_scenes.adapters.llm_gemini import GeminiModel
from adreel_scenes.adapters.llm_openai import DEFAULT_MODEL as OPENAI_MODEL
from adreel_scenes.adapters.llm_openai import APIStyle, OpenAIModel
from adreel_scenes.adapters.llm_writer import ChatModel, ModelWriter
from adreel_scenes.adapters.prompt_files import PromptFiles
from adreel_scenes.adapters.template.writer import PROVIDER as TEMPLATE
from adreel_scenes.adapters.template.writer import TemplateWriter

PROVIDERS = ("openai", "anthropic", "gemini", TEMPLATE)
_DEFAULT_MODELS = {"openai": OPENAI_MODEL, "anthropic": ANTHROPIC_MODEL, "gemini": GEMINI_MODEL, TEMPLATE: ""}
_KEY_SETTINGS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY", "gemini": "GEMINI_API_KEY"}


@dataclass(frozen=True, slots=True)
class WriterOptions:
    """The settings of SPEC section 5 that decide about the writer. Empty strings count as not set.

    `ai_api_key` is the key of `ai_provider`, or OpenAI's where none is named.
    """

    ai_provider: str = ""
    ai_api_key: str = ""
    ai_model: str = ""
    openai_api_key: str = ""
    anthropic_api_key: str = ""
    gemini_api_key: str = ""
    openai_base_url: str = ""
    anthropic_base_url: str = ""
    gemini_base_url: str = ""
    gemini_api_version: str = "v1beta"
    ai_api_style: str = ""
    timeout_seconds: float = 90.0
    deadline_seconds: float = 120.0

    def provider(self) -> str:
        """The provider in use. Raises ValueError, naming the setting, for an unknown one or one without its key."""
        named = self.ai_provider.strip().lower()
        if named and named not in PROVIDERS:
            raise ValueError(f"AI_PROVIDER is {named!r}; it must be one of {', '.join(PROVIDERS)}.")
        if named and not self.has_access(named):
            raise ValueError(f"AI_PROVIDER is {named!r}, but {_KEY_SETTINGS[named]} (or AI_API_KEY) is not set.")
        return named or next(name for name in PROVIDERS if self.has_access(name))

    def has_access(self, provider: str) -> bool:
        """Whether the provider can be called: it has a key, or it is a server that may need none."""
        return provider == TEMPLATE or bool(self.key(provider)) or (provider == "openai" and bool(self.openai_base_url))

    def key(self, provider: str) -> str:
        own = {
            "openai": self.openai_api_key,
            "anthropic": self.anthropic_api_key,
            "gemini": self.gemini_api_key,
        }.get(provider, "")
        shared = self.ai_api_key if (self.ai_provider.strip().lower() or "openai") == provider else ""
        return shared or own

    def model(self, provider: str) -> str:
        """AI_MODEL belongs to the provider in use; another one has its default."""
        return (self.ai_model if provider == self.provider() else "") or _DEFAULT_MODELS[provider]


def chat_model(options: WriterOptions, provider: str) -> ChatModel:
    """The model of a provider that has access. Raises ValueError for the template writer, which has none."""
    key, model = options.key(provider), options.model(provider)
    if provider == "openai":
        style = APIStyle(options.ai_api_style) if options.ai_api_style else None
        return OpenAIModel(
            api_key=key or None,
            model=model,
            base_url=options.openai_base_url or None,
            style=style,
            timeout_seconds=options.timeout_seconds,
        )
    if provider == "anthropic":
        return AnthropicModel(
            api_key=key,
            model=model,
            base_url=options.anthropic_base_url or None,
            timeout_seconds=options.timeout_seconds,
        )
    if provider == "gemini":
        return GeminiModel(
            api_key=key,
            model=model,
            base_url=options.gemini_base_url or None,
            api_version=options.gemini_api_version,
            timeout_seconds=options.timeout_seconds,
        )
    raise ValueError(f"{provider} has no model")


def choose_writer(options: WriterOptions, prompts: PromptFiles | None = None) -> TemplateWriter | ModelWriter:
    """The storyboard writer of this deployment; a `ModelWriter` is to be closed with `aclose`."""
    provider = options.provider()
    if provider == TEMPLATE:
        return TemplateWriter()
    model = chat_model(options, provider)
    return ModelWriter(model, deadline_seconds=options.deadline_seconds, prompts=prompts)


def choose_music_writer(options: WriterOptions, prompts: Mapping[str, str] | None = None) -> ModelWriter | None:
    """The music-scene writer: Gemini, as the contract says; None where its key is missing."""
    if not options.has_access("gemini"):
        return None
    return ModelWriter(chat_model(options, "gemini"), deadline_seconds=options.deadline_seconds, music_prompts=prompts)
