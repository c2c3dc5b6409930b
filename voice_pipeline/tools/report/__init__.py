"""`voice_pipeline report`: a recorded run as one page."""

from voice_pipeline.tools.report.command import add_arguments, main

__all__ = ['add_arguments', 'main']
