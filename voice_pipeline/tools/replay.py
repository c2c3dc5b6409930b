"""`voice_pipeline replay KEPT…`: what would become today of utterances that were refused or not understood."""

from __future__ import annotations

import argparse
import json
import queue
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from voice_pipeline.audio.frames import Samples
from voice_pipeline.audio.wav import SoundFileError, read_sound
from voice_pipeline.messages import Intent, Plan, Query, Transcript
from voice_pipeline.monitoring.describe import describe_steps
from voice_pipeline.monitoring.kept import KeptUtterance, KeptUtteranceError, load_kept
from voice_pipeline.monitoring.statistics import NS_PER_S
from voice_pipeline.planning.action_planner import ActionPlanner
from voice_pipeline.planning.settings import PlanningSettings
from voice_pipeline.recognition.backend import Backend
from voice_pipeline.recognition.choose import load
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.weights import ModelError
from voice_pipeline.tools.parameter_files import ParameterFileError, installed_folder, node_settings
from voice_pipeline.tools.revisions import revise
from voice_pipeline.understanding.intent_parser import THINKING, IntentParser
from voice_pipeline.understanding.settings import UnderstandingSettings
from voice_pipeline.understanding.words.vocabulary import VocabularyError, load_vocabulary

LOAD_MODELS_S = 120.0  # for the models of the understanding, where there are any
THINK_S = 120.0  # for one sentence


class ReplayError(ValueError):
    """What is given cannot be replayed; the text says what to do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        'kept', nargs='+', type=Path, metavar='KEPT', help='a WAV file that the monitor kept, or the folder of all'
    )
    parser.add_argument('--json', action='store_true', help='print one JSON document an utterance, each on one line')
    parser.add_argument('--config', type=Path, metavar='FOLDER', help='parameter files (default: the installed ones)')
    parser.add_argument('--vocabulary', metavar='FILE', help='names of robot and places (YAML or JSON)')
    parser.epilog = (
        'Each utterance is replayed alone: what it answered, or was to repeat, is not known. To let the running nodes '
        'hear it, launch them with source:=wav wav:=KEPT. The exit status is 0 where all are planned now, 1 where some '
        'are not, 2 where something cannot be replayed.'
    )


def main(arguments: argparse.Namespace) -> int:
    """Replay what is given; see the exit status above."""
    try:
        files = list(_documents(arguments.kept))
        stages = Stages.load(arguments.config, arguments.vocabulary)
    except (ReplayError, ParameterFileError, ModelError, VocabularyError, FileNotFoundError) as error:
        print(f'voice_pipeline replay: {error}', file=sys.stderr)
        return 2
    replays: list[Replay] = []
    try:
        for file in files:
            sound = file.with_suffix('.wav')
            try:
                kept = load_kept(file)
                replays.append(Replay(str(sound), kept, stages.replay(read_sound(sound))))
            except (KeptUtteranceError, SoundFileError, ReplayError) as error:
                print(f'voice_pipeline replay: {error}', file=sys.stderr)
                continue
            _show(replays[-1], as_json=arguments.json)
    finally:
        stages.close()
    if not arguments.json:
        print(f'{sum(one.now.is_planned for one in replays)} of {len(files)} are planned now')
    if len(replays) < len(files):
        return 2
    return 0 if all(one.now.is_planned for one in replays) else 1


def _documents(given: Sequence[Path]) -> Iterator[Path]:
    """Yield the JSON file of each kept utterance. Raises `ReplayError`."""
    for path in given:
        if path.is_dir():
            found = sorted(file for file in path.glob('*.json') if file.with_suffix('.wav').is_file())
            if not found:
                raise ReplayError(
                    f'{path}: no utterances are kept here: give the folder that the monitor keeps them in'
                )
            yield from found
        elif path.suffix in ('.wav', '.json'):
            yield path.with_suffix('.json')
        else:
            raise ReplayError(f'{path}: not a kept utterance: give a .wav file that the monitor kept, or its folder')


# --- the pipeline without its nodes --------------------------------------------------------------------------------


@dataclass
class Outcome:
    """What the pipeline makes of a sound: one text for each of its stages, and whether the robot would act on it."""

    heard: str = ''
    understood: str = ''
    planned: str = ''
    is_planned: bool = False


@dataclass(frozen=True)
class Replay:
    """A kept utterance, and what becomes of it now."""

    file: str
    kept: KeptUtterance
    now: Outcome


@dataclass
class _Utterance:
    """What the stages said last about one utterance of the sound, and what was committed."""

    transcript: Transcript
    intent: Intent
    plan: Plan
    committed: dict[str, Plan] = field(default_factory=dict)

    @property
    def has_words(self) -> bool:
        return bool(self.transcript.text)

    @property
    def is_answered(self) -> bool:
        """Whether a question was answered; a question of the robot is no answer."""
        is_query = any(isinstance(step, Query) for step in self.intent.steps)
        return is_query and bool(self.plan.say) and not self.plan.refusal

    @property
    def planned(self) -> str:
        parts = [describe_steps(tuple(one.step for one in plan.steps)) for plan in self.committed.values()]
        if self.plan.refusal:
            parts.append(f'refused: {self.plan.refusal}')
        elif self.plan.say and not self.committed:
            parts.append(f'{"says" if self.is_answered else "asks"}: {self.plan.say}')
        return ', '.join(parts)


class Stages:
    """Recogniser, understanding and planner, with the settings of the nodes, on the clock of the sound."""

    def __init__(
        self,
        backend: Backend,
        recognition: RecognitionSettings,
        understanding: UnderstandingSettings,
        planning: PlanningSettings,
    ) -> None:
        """Raises `VocabularyError`."""
        self._backend = backend
        self._recognition = recognition
        self._planning = planning
        self._vocabulary = load_vocabulary(planning.vocabulary)
        self._finals: queue.Queue[Intent] = queue.Queue()
        self._now_ns = 0
        self._parser = IntentParser(understanding, self._finals.put, clock_ns=self._clock_ns)
        self._parser.wait_for_models(LOAD_MODELS_S)

    @classmethod
    def load(cls, config: Path | None = None, vocabulary: str | None = None) -> Stages:
        """
        Return the stages with the parameters in this folder, and these names where they are given.

        Raises `ParameterFileError`, `ModelError`, `VocabularyError`, `FileNotFoundError`.
        """
        folder = config or installed_folder()
        given = {} if vocabulary is None else {'vocabulary': vocabulary}
        recognition = node_settings(folder, 'speech_recognition', RecognitionSettings, given)
        understanding = node_settings(folder, 'intent_parser', UnderstandingSettings, given)
        planning = node_settings(folder, 'action_planner', PlanningSettings, given)
        return cls(load(recognition), recognition, understanding, planning)

    def replay(self, samples: Samples) -> Outcome:
        """Return what becomes of the sound, said to a robot that has heard nothing before."""
        planner = ActionPlanner(self._planning, self._vocabulary, self._clock_ns)
        utterances: dict[str, _Utterance] = {}
        for revision in revise(samples, self._recognition, self._backend):
            transcript = revision.transcript
            self._now_ns = round(revision.shown_s * NS_PER_S)
            intent = self._understand(transcript)
            plan = planner.on_intent(intent, self._now_ns)
            before = utterances.get(transcript.utterance_id)
            one = _Utterance(transcript, intent, plan, before.committed if before else {})
            if plan.is_committed:
                one.committed.setdefault(plan.plan_id, plan)
            utterances[transcript.utterance_id] = one
        return _outcome([one for one in utterances.values() if one.has_words])

    def close(self) -> None:
        """End the thread of the models."""
        self._parser.close()

    def _understand(self, transcript: Transcript) -> Intent:
        intent = self._parser.on_transcript(transcript, self._now_ns)
        if not transcript.is_final or intent.reason != THINKING:
            return intent
        try:
            return self._finals.get(timeout=THINK_S)
        except queue.Empty:
            raise ReplayError(f'the models have not answered within {THINK_S:g} s: "{transcript.text}"') from None

    def _clock_ns(self) -> int:
        return self._now_ns


def _outcome(utterances: Sequence[_Utterance]) -> Outcome:
    return Outcome(
        heard=' '.join(one.transcript.text for one in utterances),
        understood='; '.join(describe_steps(one.intent.steps) for one in utterances if one.intent.steps),
        planned='; '.join(one.planned for one in utterances if one.planned),
        is_planned=bool(utterances) and all(_is_met(one) for one in utterances),
    )


def _is_met(utterance: _Utterance) -> bool:
    return utterance.is_answered or (bool(utterance.committed) and not utterance.plan.refusal)


# --- output --------------------------------------------------------------------------------------------------------


def _show(replay: Replay, *, as_json: bool) -> None:
    record = replay.kept.record
    then = {'heard': record.heard, 'understood': record.understood, 'planned': record.planned}
    if as_json:
        then['outcome'] = record.outcome
        document = {'file': replay.file, 'why': replay.kept.why, 'then': then, 'now': asdict(replay.now)}
        print(json.dumps(document, ensure_ascii=False), flush=True)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Path(replay.file).name, title_justify='left')
    for column in ('', 'then', 'now'):
        table.add_column(column, overflow='fold')
    for name, text in then.items():
        table.add_row(name, Text(text), Text(getattr(replay.now, name)))
    verdict = Text('planned', style='green') if replay.now.is_planned else Text('not planned', style='red')
    table.add_row('outcome', Text(replay.kept.why), verdict)
    Console().print(table)
