"""The render service with voices: real database, real engine, the scratch voice, and OpenAI's stand-in."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from adreel_testkit.standins.llm_app import LLMStandin

sys.path.insert(0, str(Path(__file__).parent))

from voice_rig import Studio, open_studio


@pytest.fixture
async def standin() -> AsyncIterator[LLMStandin]:
    async with LLMStandin() as standin:
        yield standin


@pytest.fixture
async def studio(database, tmp_path) -> AsyncIterator[Studio]:
    """Films spoken by the scratch voice."""
    async with open_studio(database, tmp_path) as studio:
        yield studio


@pytest.fixture
async def paid_studio(database, standin, tmp_path) -> AsyncIterator[Studio]:
    """Films spoken by OpenAI's stand-in."""
    async with open_studio(database, tmp_path, openai_url=standin.openai_url) as studio:
        yield studio


@pytest.fixture(autouse=True)
async def _nothing_left_over() -> AsyncIterator[None]:
    yield
    left = [task for task in asyncio.all_tasks() if task.get_name().startswith("purchase ")]
    assert left == []
