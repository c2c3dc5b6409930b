"""The settings of the planning stage."""

from __future__ import annotations

from typing import Annotated, Literal

from voice_pipeline.limits import RobotLimits
from voice_pipeline.planning.skills import parse_skills
from voice_pipeline.settings import about


class PlanningSettings(RobotLimits, frozen=True, kw_only=True):
    """What is meant where nothing was said, what is too much, and when a plan is committed."""

    vocabulary: Annotated[str, about('File with the poses of the places; empty: vocabulary.yaml of the package')] = ''
    skills: Annotated[
        str,
        about(
            'What the robot can do besides driving, separated by commas: pick, place, follow, gesture, look, say (on '
            'the way), face (turn to things), approach (go to people)'
        ),
    ] = ''

    default_distance_m: Annotated[float, about('"Go forward" goes this far', unit='m', minimum=0.05, maximum=10)] = 1.0
    default_angle_deg: Annotated[float, about('"Turn left" turns this far', unit='deg', minimum=1, maximum=180)] = 90.0
    over_limit: Annotated[
        Literal['refuse', 'cap'], about('What is asked beyond a limit is refused, or done up to the limit')
    ] = 'refuse'
    max_steps: Annotated[int, about('Most steps of one plan', minimum=1, maximum=100)] = 10

    speed_mps: Annotated[float, about('Speed of a move', unit='m/s', minimum=0.02, maximum=3)] = 0.4
    speed_dps: Annotated[float, about('Speed of a turn', unit='deg/s', minimum=2, maximum=360)] = 60.0
    slow_factor: Annotated[float, about('"Slowly" is the speed times this', minimum=0.1, maximum=1)] = 0.5
    fast_factor: Annotated[float, about('"Fast" is the speed times this, up to the fastest', minimum=1, maximum=5)] = (
        1.5
    )
    speed_change: Annotated[
        float, about('"Faster" and "slower" change the speed by this share', minimum=0.05, maximum=0.9)
    ] = 0.25
    min_speed_mps: Annotated[
        float, about('No order makes the robot slower than this', unit='m/s', minimum=0.01, maximum=1)
    ] = 0.05

    timeout_factor: Annotated[float, about('A step may take its expected time times this', minimum=1, maximum=10)] = 1.5
    timeout_margin_s: Annotated[float, about('… and this much more', unit='s', minimum=0.5, maximum=60)] = 3.0
    skill_timeout_s: Annotated[float, about('A skill may take this long', unit='s', minimum=1, maximum=600)] = 60.0

    commit_silence_ms: Annotated[
        float, about('A complete command is acted on after this much silence', unit='ms', minimum=0, maximum=2000)
    ] = 160.0
    commit_revisions: Annotated[
        int, about('… when this many revisions in a row ask for the same', minimum=1, maximum=20)
    ] = 2
    stale_s: Annotated[
        float, about('What was said longer ago than this moves nothing', unit='s', minimum=0.5, maximum=60)
    ] = 5.0

    confirm_below: Annotated[
        float, about('With less confidence, the robot asks before it moves; 0: never', minimum=0, maximum=1)
    ] = 0.4
    question_s: Annotated[
        float, about('A question waits this long for its answer', unit='s', minimum=1, maximum=120)
    ] = 10.0

    def __post_init__(self) -> None:
        """Check the skills, and the cruise speeds against the fastest."""
        parse_skills(self.skills)
        if self.speed_mps > self.max_speed_mps:
            raise ValueError(f'speed_mps {self.speed_mps:g} is more than max_speed_mps {self.max_speed_mps:g}')
        if self.speed_mps < self.min_speed_mps:
            raise ValueError(f'speed_mps {self.speed_mps:g} is less than min_speed_mps {self.min_speed_mps:g}')
        if self.speed_dps > self.max_speed_dps:
            raise ValueError(f'speed_dps {self.speed_dps:g} is more than max_speed_dps {self.max_speed_dps:g}')
