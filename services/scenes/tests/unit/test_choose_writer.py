"""Which writer a deployment has."""

import pytest
from adreel_scenes.adapters.choose_writer import WriterOptions, choose_music_writer, choose_writer
from adreel_scenes.adapters.llm_writer import ModelWriter
from adreel_scenes.adapters.template.writer import TemplateWriter


@pytest.mark.parametrize(
    ("options", "provider", "model"),
    [
        (WriterOptions(), "template", ""),
        (WriterOptions(openai_api_key="k"), "openai", "gpt-6-luna"),
        (WriterOptions(ai_api_key="k", ai_model="gpt-4"), "openai", "gpt-4"),
        (WriterOptions(anthropic_api_key="k"), "anthropic", "claude-haiku-5-5"),
        (WriterOptions(gemini_api_key="k"), "gemini", "gemini-3.8-flash"),
        (WriterOptions(openai_api_key="k", anthropic_api_key="k"), "openai", "gpt-6-luna"),
        (WriterOptions(ai_provider="Anthropic", ai_api_key="k", openai_api_key="o"), "anthropic", "claude-haiku-5-5"),
        (WriterOptions(ai_provider="template", openai_api_key="k"), "template", ""),
        (WriterOptions(openai_base_url="http://127.0.0.1:11434/v1", ai_model="llama"), "openai", "llama"),
    ],
)
def test_provider_named_or_keyed_is_used(options, provider, model):
    assert (options.provider(), options.model(provider)) == (provider, model)


@pytest.mark.parametrize(
    ("options", "setting"),
    [
        (WriterOptions(ai_provider="openai"), "OPENAI_API_KEY"),
        (WriterOptions(ai_provider="gemini", openai_api_key="k"), "GEMINI_API_KEY"),
        (WriterOptions(ai_provider="skynet"), "AI_PROVIDER"),
    ],
)
def test_wrong_settings_are_named_and_not_replaced_in_silence(options, setting):
    with pytest.raises(ValueError, match=setting):
        choose_writer(options)


async def test_writer_is_of_the_kind_that_was_chosen():
    assert isinstance(choose_writer(WriterOptions()), TemplateWriter)
    for options in (
        WriterOptions(openai_api_key="k"),
        WriterOptions(anthropic_api_key="k"),
        WriterOptions(gemini_api_key="k"),
    ):
        writer = choose_writer(options)
        assert isinstance(writer, ModelWriter)
        await writer.aclose()


async def test_music_scenes_are_written_by_gemini_or_not_by_a_model():
    assert choose_music_writer(WriterOptions(openai_api_key="k")) is None
    writer = choose_music_writer(WriterOptions(openai_api_key="k", gemini_api_key="g", ai_model="gpt-4"))
    assert writer is not None
    await writer.aclose()
