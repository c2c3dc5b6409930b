"""The `doctor` command: what a user should fix before blaming the robot."""

from voice_pipeline.tools.doctor.command import add_arguments, main

__all__ = ['add_arguments', 'main']
