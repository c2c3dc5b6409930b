"""The validator: every promise of the pipeline, measured through the real nodes, with a verdict on each."""

from voice_pipeline.tools.validate.command import add_arguments, main

__all__ = ['add_arguments', 'main']
