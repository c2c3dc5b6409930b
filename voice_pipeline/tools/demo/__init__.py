"""The demonstration: someone speaks, the pipeline listens, a simulated robot moves, and everything is measured."""

from voice_pipeline.tools.demo.command import add_arguments, main

__all__ = ['add_arguments', 'main']
