"""What each stage does for a living, as work that can be timed: the inputs are real, and the same in every pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count, islice, pairwise

import msgspec
import numpy as np

from voice_pipeline.audio.activity import SileroActivity
from voice_pipeline.audio.frames import FRAME_SAMPLES, SAMPLE_RATE_HZ, Frame
from voice_pipeline.control.controller import Controller
from voice_pipeline.control.motion import Odometry
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.messages import Intent, Message, Move, MoveArguments, Plan, PlannedStep, Transcript, decode, encode
from voice_pipeline.monitoring.budgets import load_budgets
from voice_pipeline.monitoring.monitor import PipelineMonitor
from voice_pipeline.monitoring.report import encode_report
from voice_pipeline.monitoring.statistics import NS_PER_MS, NS_PER_S
from voice_pipeline.planning.action_planner import ActionPlanner
from voice_pipeline.planning.settings import PlanningSettings
from voice_pipeline.recognition.backend import Backend
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.simulation.robot import SimulatedRobot
from voice_pipeline.simulation.settings import SimulationSettings
from voice_pipeline.tools.benchmark.clips import Clip
from voice_pipeline.tools.benchmark.recorded import PAUSE_S, said_again
from voice_pipeline.tools.revisions import revise
from voice_pipeline.understanding.chain import Understander
from voice_pipeline.understanding.intent_parser import IntentParser
from voice_pipeline.understanding.settings import UnderstandingSettings
from voice_pipeline.understanding.words.vocabulary import load_vocabulary

CYCLES = 200  # of the control loop, a pass
UNUSUAL_WORDINGS = (  # of which the grammar makes nothing
    'would you mind swinging round to face the other way',
    'mosey along behind me',
    'hop on over to the charging station',
)
REVISION_HZ = 5.0  # of the recogniser here: fewer revisions, each of which costs what it always does
REFERENCE_NUMBERS = 2**14

Samples = Mapping[str, list[float]]  # times in ms of what was done, by the stage that did it
Work = Callable[[], Samples]  # one pass


@dataclass(frozen=True)
class Workload:
    """Work for one stage or several at once; each call of `one_pass` does it once more."""

    name: str
    one_pass: Work


def timed_ms(actions: Iterable[Callable[[], object]]) -> list[float]:
    """Return how long each action took; making the next one is not counted."""
    times_ms: list[float] = []
    for action in actions:
        started_ns = time.perf_counter_ns()
        action()
        times_ms.append((time.perf_counter_ns() - started_ns) / NS_PER_MS)
    return times_ms


def reference_ms() -> float:
    """
    Return the time of a fixed piece of work that has nothing to do with this package.

    Half of it is Python, half numpy, neither of several threads, so that what slows the machine down slows it down too.
    """

    def work() -> None:
        numbers = np.random.default_rng(0).normal(size=REFERENCE_NUMBERS)
        for _ in range(4):
            numbers = np.sort(np.abs(np.fft.irfft(np.fft.rfft(numbers))))
        counts: dict[int, int] = {}
        for number in range(REFERENCE_NUMBERS):
            counts[number % 97] = counts.get(number % 97, 0) + number

    return timed_ms([work])[0]


def stage_workloads(
    clips: Sequence[Clip], revisions: Sequence[Transcript], backend: Backend, understanding: UnderstandingSettings
) -> list[Workload]:
    """Return the work of all stages, in flow order. Raises `VocabularyError`, `BudgetError`."""
    intents = _intents(revisions)
    plans = _plans(intents)
    return [
        Workload('audio', audio_work(clips)),
        Workload('recognition', recognition_work(clips, backend)),
        Workload('understanding', understanding_work(revisions)),
        *_semantic(understanding),
        Workload('planning', planning_work(intents)),
        Workload('control', control_work()),
        Workload('messages', messages_work(revisions, intents, plans)),
        Workload('monitor', monitor_work(revisions, intents, plans)),
    ]


def audio_work(clips: Sequence[Clip]) -> Work:
    """A frame arrives as bytes and is asked for voice."""
    activity = SileroActivity()

    def hear(sequence: int, data: bytes) -> None:
        frame = Frame(np.frombuffer(data, dtype=np.int16), sequence, sequence)
        activity.probability(frame.samples)

    def actions() -> Iterator[Callable[[], object]]:
        for clip in clips:
            activity.reset()
            chunks = np.pad(clip.samples, (0, -len(clip.samples) % FRAME_SAMPLES)).reshape(-1, FRAME_SAMPLES)
            for sequence, chunk in enumerate(chunks):
                data = chunk.tobytes()
                yield partial(hear, sequence, data)

    return lambda: {'audio': timed_ms(actions())}


def recognition_work(clips: Sequence[Clip], backend: Backend) -> Work:
    """
    A revision that the model runs for, and the whole: that revision, its intent and its plan, each as it travels.

    The wait for the end of speech, and the transport, are in neither: the validator measures them.
    """
    settings = RecognitionSettings(max_revision_hz=REVISION_HZ)
    pause = np.zeros(round(PAUSE_S * SAMPLE_RATE_HZ), np.int16)

    def one_pass() -> Samples:
        parser, planner = _parser(), _planner()
        recognition: list[float] = []
        whole: list[float] = []
        for clip in clips:
            for revision in revise(np.concatenate([pause, clip.samples, pause]), settings, backend):
                rest_ms = timed_ms([partial(_carry_on, revision.transcript, parser, planner)])[0]
                if revision.is_decoded:
                    recognition.append(revision.work_ms)
                    whole.append(revision.work_ms + rest_ms)
        return {'recognition': recognition, 'whole': whole}

    return one_pass


def _carry_on(transcript: Transcript, parser: IntentParser, planner: ActionPlanner) -> None:
    heard = decode(Transcript, encode(transcript))
    intent = decode(Intent, encode(parser.on_transcript(heard, heard.speech_end_ns)))
    decode(Plan, encode(planner.on_intent(intent, intent.speech_end_ns)))


def understanding_work(revisions: Sequence[Transcript]) -> Work:
    """A revision becomes an intent, by the grammar; one whose text is that of the one before costs nothing."""
    parser, names = _parser(), count()
    news = [after for before, after in pairwise(revisions) if before.heard != after.heard]

    def actions() -> Iterator[Callable[[], object]]:
        again = said_again(news, f'pass-{next(names)}')
        for transcript in islice(again, len(news)):
            yield partial(parser.on_transcript, transcript, 0)

    return lambda: {'understanding, grammar': timed_ms(actions())}


def _semantic(settings: UnderstandingSettings) -> list[Workload]:
    """Return the work of the sentence model, where it is installed: unknown wordings are compared with known ones."""
    understander = Understander(load_vocabulary(), settings)
    understander.load()
    if not understander.can_compare:
        return []
    questions = [(text, understander.by_grammar(text)) for text in UNUSUAL_WORDINGS]

    def actions() -> Iterator[Callable[[], object]]:
        for text, meaning in questions:
            yield partial(understander.compare, text, meaning)

    return [Workload('understanding, semantic', lambda: {'understanding, semantic': timed_ms(actions())})]


def planning_work(intents: Sequence[Intent]) -> Work:
    """An intent becomes a plan."""
    planner, passes = _planner(), count()

    def actions() -> Iterator[Callable[[], object]]:
        turn = next(passes)
        for intent in intents:
            fresh = msgspec.structs.replace(intent, utterance_id=f'{turn}-{intent.utterance_id}')
            yield partial(planner.on_intent, fresh, fresh.speech_end_ns)

    return lambda: {'planning': timed_ms(actions())}


def control_work() -> Work:
    """A cycle of the control loop while the robot drives; its time is that of the loop, not of the clock."""
    passes = count()

    def one_pass() -> Samples:
        settings = ControlSettings()
        now_s = 1000.0 * (1 + next(passes))
        robot = SimulatedRobot(SimulationSettings())
        controller = Controller(settings, clock_s=lambda: now_s, clock_ns=lambda: round(now_s * NS_PER_S))
        controller.update_odometry(robot.step(now_s))
        controller.submit(_long_move(round(now_s * NS_PER_S)), round(now_s * NS_PER_S))

        def cycle(odometry: Odometry) -> None:
            controller.update_odometry(odometry)
            velocity = controller.tick().velocity
            if velocity is not None:
                robot.command(velocity, now_s)

        def actions() -> Iterator[Callable[[], object]]:
            nonlocal now_s
            for _ in range(CYCLES):
                now_s += 1.0 / settings.rate_hz
                yield partial(cycle, robot.step(now_s))

        return {'control': timed_ms(actions())}

    return one_pass


def messages_work(revisions: Sequence[Transcript], intents: Sequence[Intent], plans: Sequence[Plan]) -> Work:
    """A revision's transcript, intent and plan are written and read."""

    def travel(messages: Sequence[Message]) -> None:
        for message in messages:
            decode(type(message), encode(message))

    revised = list(zip(revisions, intents, plans, strict=True))
    return lambda: {'messages': timed_ms(partial(travel, one) for one in revised)}


def monitor_work(revisions: Sequence[Transcript], intents: Sequence[Intent], plans: Sequence[Plan]) -> Work:
    """The monitor takes in what the stages publish of a revision, and makes its report."""
    monitor = PipelineMonitor(load_budgets(), time.time_ns)

    def watch(messages: Sequence[Message]) -> None:
        for message in messages:
            monitor.on_message(message, message.speech_end_ns)
        encode_report(monitor.report())

    revised = list(zip(revisions, intents, plans, strict=True))
    return lambda: {'monitor': timed_ms(partial(watch, one) for one in revised)}


def _parser() -> IntentParser:
    return IntentParser(UnderstandingSettings(semantic='off'))


def _planner() -> ActionPlanner:
    return ActionPlanner(PlanningSettings(), load_vocabulary())


def _intents(revisions: Sequence[Transcript]) -> list[Intent]:
    parser = _parser()
    return [parser.on_transcript(transcript, transcript.speech_end_ns) for transcript in revisions]


def _plans(intents: Sequence[Intent]) -> list[Plan]:
    planner = _planner()
    return [planner.on_intent(intent, intent.speech_end_ns) for intent in intents]


def _long_move(now_ns: int) -> Plan:
    """Return a move that no pass comes to the end of."""
    step = Move(MoveArguments(direction='forward', distance_m=100.0))
    return Plan(
        utterance_id='benchmark',
        revision=0,
        is_final=True,
        speech_end_ns=now_ns,
        plan_id='benchmark/0',
        is_committed=True,
        steps=(PlannedStep(step=step, speed_mps=0.4, speed_dps=60.0, timeout_s=600.0),),
    )
