"""The scenes service's settings."""

from typing import Literal, Self

from adreel_kit.settings import BusSettings, DatabaseSettings, FrozenSettings, ProcessSettings, RpcServerSettings
from pydantic import AliasChoices, Field, SecretStr, model_validator

from adreel_scenes.adapters.choose_writer import WriterOptions


class WriterSettings(FrozenSettings):
    """Who writes storyboards. Without any key the template writer does."""

    ai_provider: str = Field("", description="openai, anthropic, gemini or template; empty: the one whose key is set.")
    ai_api_key: SecretStr = Field(SecretStr(""), description="Key of AI_PROVIDER, or OpenAI's where none is named.")
    ai_model: str = Field("", description="Model of the provider in use; empty: its default.")
    ai_base_url: str = Field(
        "",
        validation_alias=AliasChoices("AI_BASE_URL", "OPENAI_BASE_URL"),
        description="Address of a server that speaks OpenAI's protocol.",
    )
    ai_api_style: Literal["", "responses", "chat"] = Field("", description="Which of OpenAI's protocols is spoken.")
    openai_api_key: SecretStr = Field(SecretStr(""), description="OpenAI's key.")
    anthropic_api_key: SecretStr = Field(SecretStr(""), description="Anthropic's key.")
    gemini_api_key: SecretStr = Field(SecretStr(""), description="The Gemini API's key.")
    anthropic_base_url: str = Field("", description="Address in place of Anthropic's own.")
    google_gemini_base_url: str = Field("", description="Address in place of the Gemini API's own.")
    google_genai_api_version: str = Field("v1beta", description="Version of the Gemini API.")
    adreel_prompts_dir: str = Field(
        "", description="Directory with a deployment's own storyboard.md.j2, scene.md.j2, repair.md.j2; empty: ours."
    )
    adreel_writer_pictures: bool = Field(
        True, description="Models are shown small pictures of the assets, where ASSETS_GRPC_TARGET is set."
    )
    adreel_writer_deadline_seconds: float = Field(
        120.0, gt=0, le=900, description="A writer that has not answered by then counts as timed out."
    )

    @property
    def writer_options(self) -> WriterOptions:
        """The same values as the writers take them."""
        return WriterOptions(
            ai_provider=self.ai_provider,
            ai_api_key=self.ai_api_key.get_secret_value(),
            ai_model=self.ai_model,
            openai_api_key=self.openai_api_key.get_secret_value(),
            anthropic_api_key=self.anthropic_api_key.get_secret_value(),
            gemini_api_key=self.gemini_api_key.get_secret_value(),
            openai_base_url=self.ai_base_url,
            anthropic_base_url=self.anthropic_base_url,
            gemini_base_url=self.google_gemini_base_url,
            gemini_api_version=self.google_genai_api_version,
            ai_api_style=self.ai_api_style,
            timeout_seconds=min(90.0, self.adreel_writer_deadline_seconds),
            deadline_seconds=self.adreel_writer_deadline_seconds,
        )

    @model_validator(mode="after")
    def _provider_has_its_key(self) -> Self:
        self.writer_options.provider()
        return self


class MusicSettings(FrozenSettings):
    """Music-video scenes (`/api/mv/create_scenes`)."""

    mv_output_dir: str = Field(
        "", description="Output root for scenes.json and scenes.md; empty: a directory among the temporary files."
    )
    mv_debug_mode: bool = Field(
        False, description="Log parameters, defaults, prompts, backends and outcomes of music-video work; never a key."
    )
    adreel_mv_config_dir: str = Field(
        "", description="Directory with a deployment's own parameters.yaml or scene_prompts.yaml; empty: those within."
    )
    adreel_no_key_fallback: bool = Field(
        False, description="Music-video scenes without a named backend are made without a key where there is none."
    )
    adreel_mv_concurrency: int = Field(4, ge=1, le=64, description="Music-video requests written side by side.")


class ScenesSettings(ProcessSettings, DatabaseSettings, BusSettings, RpcServerSettings, WriterSettings, MusicSettings):
    """Read from the environment by `__main__`."""

    assets_grpc_target: str = Field("", description="host:port of the assets service; empty: models see no pictures.")
    scenes_per_video_min: int = Field(3, ge=1, le=50, description="Fewest scenes of a storyboard.")
    scenes_per_video_max: int = Field(7, ge=1, le=50, description="Most scenes of a storyboard.")
    adreel_writer_concurrency: int = Field(8, ge=1, le=64, description="Storyboards written side by side.")

    @model_validator(mode="after")
    def _fewest_before_most(self) -> Self:
        if self.scenes_per_video_min > self.scenes_per_video_max:
            raise ValueError("SCENES_PER_VIDEO_MIN is larger than SCENES_PER_VIDEO_MAX")
        return self
