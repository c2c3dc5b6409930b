"""The `optimise` command: smaller, faster and better informed versions of a Whisper model, each measured."""

from voice_pipeline.tools.optimise.command import add_arguments, main

__all__ = ['add_arguments', 'main']
