"""The `benchmark` command: our stages beside what else there is, on the same machine, weights and sound."""

from voice_pipeline.tools.benchmark.command import add_arguments, main

__all__ = ['add_arguments', 'main']
