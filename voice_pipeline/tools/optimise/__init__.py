"""The `optimise` command: trains the adapter that lets Whisper hear a short window."""

from voice_pipeline.tools.optimise.command import add_arguments, main

__all__ = ['add_arguments', 'main']
