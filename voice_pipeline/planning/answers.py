"""Answers to questions about the robot, from what is known of it; "I do not know" where nothing is."""

from __future__ import annotations

import math
from collections.abc import Callable

from voice_pipeline.messages import GoTo, Pose2D, QueryArguments
from voice_pipeline.planning.robot_state import RobotState
from voice_pipeline.planning.skills import SKILLS, parse_skills
from voice_pipeline.planning.speeds import Speeds
from voice_pipeline.planning.wording import (
    degrees_per_second,
    describe,
    doing,
    listed,
    metres,
    metres_per_second,
    number,
    seconds,
    the,
)
from voice_pipeline.understanding.words.vocabulary import Vocabulary

_AT_PLACE_M = 0.5  # this near to a place, the robot is there
_STILL_MPS = 0.02
_STILL_DPS = 2.0
_MOST_PLACES = 3
# By eighths of a turn, counter-clockwise from straight ahead.
_SIDES = (
    'ahead',
    'ahead to the left',
    'to the left',
    'behind to the left',
    'behind',
    'behind to the right',
    'to the right',
    'ahead to the right',
)


class Answers:
    """Answers queries, each with one or two short sentences."""

    def __init__(self, vocabulary: Vocabulary, skills: str, state: RobotState) -> None:
        self._vocabulary = vocabulary
        self._skills = parse_skills(skills)
        self._state = state

    def answer(self, args: QueryArguments, speeds: Speeds) -> str:
        """Return the answer. `speeds` are those at which the robot would drive and turn."""
        answers: dict[str | None, Callable[[], str]] = {
            'position': self._position,
            'battery': self._battery,
            'speed': lambda: self._speed(speeds),
            'status': self._status,
            'identity': self._identity,
            'capabilities': self._capabilities,
            'destination': self._destination,
            'perception': lambda: 'I do not know. I cannot tell what is around me.',
            'object_location': lambda: self._location(args.object or args.place),
            'distance': lambda: self._distance(args.place or args.object),
            'eta': self._eta,
        }
        unknown = 'I did not understand the question.'
        return answers.get(args.topic, lambda: unknown)()

    # --- where ---------------------------------------------------------------------------------------------------

    def _position(self) -> str:
        here = self._state.pose
        if here is None:
            return 'I do not know where I am.'
        known = [(_away_m(here, pose), name) for name, pose in self._vocabulary.places.items() if pose]
        if known:
            away_m, name = min(known)
            return f'I am at {the(name)}.' if away_m <= _AT_PLACE_M else f'I am {metres(away_m)} from {the(name)}.'
        ahead = f'{metres(abs(here.x_m))} {"ahead of" if here.x_m >= 0 else "behind"}'
        aside = f'{metres(abs(here.y_m))} {"left" if here.y_m >= 0 else "right"}'
        return f'I am {ahead} and {aside} of where I started.'

    def _location(self, name: str | None) -> str:
        pose, here = self._pose_of(name), self._state.pose
        if name is None:
            return 'I did not hear what you are looking for.'
        if pose is None or here is None:
            return f'I do not know where {the(name)} is.'
        away_m = _away_m(here, pose)
        if away_m <= _AT_PLACE_M:
            return f'{_capital(the(name))} is here.'
        return f'{_capital(the(name))} is {metres(away_m)} away, {_side(here, pose)}.'

    def _distance(self, name: str | None) -> str:
        if name is not None:
            pose, here = self._pose_of(name), self._state.pose
            if pose is None or here is None:
                return f'I do not know how far {the(name)} is.'
            return f'It is {metres(_away_m(here, pose))} to {the(name)}, in a straight line.'
        if not self._state.is_busy:
            return 'I am not going anywhere.'
        left_m = self._state.remaining_m
        return 'I do not know how far it is.' if left_m is None else f'It is {metres(left_m)} still to go.'

    def _pose_of(self, name: str | None) -> Pose2D | None:
        place = self._vocabulary.place_names().get(name or '')
        return self._vocabulary.places[place] if place else None

    # --- doing ---------------------------------------------------------------------------------------------------

    def _status(self) -> str:
        work, waiting = self._state.work, self._state.waiting
        if work is None:
            return 'I am about to start.' if self._state.is_busy else 'I am doing nothing.'
        now = work.rest[0].step
        words = f'I am to {describe(now)}, but I am waiting' if work.is_held else f'I am {doing(now)}'
        if not waiting:
            return f'{words}.'
        return f'{words}. After that, {waiting} more {"thing is" if waiting == 1 else "things are"} to do.'

    def _destination(self) -> str:
        work = self._state.work
        if work is None:
            return 'I am not going anywhere.'
        goals = [planned.step for planned in work.rest if isinstance(planned.step, GoTo)]
        if goals:
            return f'I am {doing(goals[0])}.'
        return f'I am not going to a place. I am {doing(work.rest[0].step)}.'

    def _eta(self) -> str:
        if not self._state.is_busy:
            return 'I am not going anywhere.'
        left_s = self._state.remaining_s
        if left_s is None:
            return 'I do not know how long it will take.'
        return f'In about {seconds(max(1.0, round(left_s)))}.'

    def _speed(self, speeds: Speeds) -> str:
        usual = f'I usually move at {metres_per_second(speeds.mps)}.'
        motion = self._state.motion
        if motion is None:
            return f'I do not know how fast I am. {usual}'
        if abs(motion.speed_mps) > _STILL_MPS:
            return f'I am moving at {metres_per_second(abs(motion.speed_mps))}.'
        if abs(motion.turn_dps) > _STILL_DPS:
            return f'I am turning at {degrees_per_second(abs(motion.turn_dps))}.'
        return f'I am standing still. {usual}'

    # --- being ---------------------------------------------------------------------------------------------------

    def _battery(self) -> str:
        share = self._state.battery
        if share is None:
            return 'I do not know how full my battery is.'
        return f'My battery is at {number(round(share * 100.0))} percent.'

    def _identity(self) -> str:
        names = [name for name in self._vocabulary.robot_names if name != 'robot']
        return f'My name is {names[0].title()}.' if names else 'I am a robot, and have no name yet.'

    def _capabilities(self) -> str:
        places = [the(name) for name, pose in self._vocabulary.places.items() if pose]
        more = len(places) - _MOST_PLACES
        if more > 0:
            places = [*places[:_MOST_PLACES], f'{more} more {"place" if more == 1 else "places"}']
        can = ['move', 'turn', 'wait']
        can += [f'go to {listed(places)}'] if places else []
        can += [words for name, words in SKILLS.items() if name in self._skills]
        return f'I can {", ".join(can)}, and answer questions.'


def _away_m(here: Pose2D, there: Pose2D) -> float:
    return math.hypot(there.x_m - here.x_m, there.y_m - here.y_m)


def _side(here: Pose2D, there: Pose2D) -> str:
    bearing_rad = math.atan2(there.y_m - here.y_m, there.x_m - here.x_m) - (here.yaw_rad or 0.0)
    return _SIDES[round(bearing_rad / (math.tau / len(_SIDES))) % len(_SIDES)]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
