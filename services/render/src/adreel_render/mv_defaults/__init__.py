"""The files behind `/api/mv` pictures and clips: defaults and prompts. `ADREEL_MV_CONFIG_DIR` may hold others."""
