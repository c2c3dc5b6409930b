"""The `demo` command: starts the nodes, lets someone speak to them, and reports."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.console import Console

from voice_pipeline.audio.speech import SpeechError
from voice_pipeline.audio.wav import SoundFileError, write_sound
from voice_pipeline.monitoring.describe import describe_steps
from voice_pipeline.tools.demo import report as reporting
from voice_pipeline.tools.demo.person import Person, Spoken
from voice_pipeline.tools.demo.report import Result
from voice_pipeline.tools.demo.script import Line, default_script, recording, script_of_files, short_script
from voice_pipeline.tools.demo.story import Story, Utterance
from voice_pipeline.tools.demo.view import live_view
from voice_pipeline.tools.processes import NAMESPACE, PipelineError, PipelineProcesses
from voice_pipeline.understanding.grammar.parser import Parser
from voice_pipeline.understanding.words.vocabulary import load_vocabulary

REPORT = Path('reports/demo.json')
READY_TIMEOUT_S = 180.0  # a slow board loads a model for a minute
HEARD_TIMEOUT_S = 60.0  # and may take long over a sentence
DONE_TIMEOUT_S = 300.0  # longer than any plan is allowed to take
INTERRUPT_AFTER_M = 0.5  # how far the robot goes before it is interrupted
RECORDING_PAUSE_S = 9.0
PLAIN_WIDTH = 140

EXIT_OK, EXIT_NOT_CARRIED_OUT, EXIT_CANNOT_RUN = 0, 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        '--wav', metavar='FILE', type=Path, nargs='+', help='sound files to say instead of the built-in script'
    )
    parser.add_argument(
        '--report',
        metavar='FILE',
        type=Path,
        default=REPORT,
        help='where to save the figures as JSON, and beside it the picture of the path (default: %(default)s)',
    )
    parser.add_argument('--model', default='tiny.en', help='Whisper model: a name or a path (default: %(default)s)')
    parser.add_argument('--backend', default='auto', choices=['auto', 'openai-whisper', 'faster-whisper'])
    parser.add_argument('--device', default='auto', choices=['auto', 'cpu', 'cuda'])
    parser.add_argument(
        '--noise', action='store_true', help="give the simulated robot's odometry noise, and its wheels slip"
    )
    parser.add_argument(
        '--record',
        metavar='FILE',
        type=Path,
        help='save the first lines of the script as a sound file, the one that demo.launch.py plays, and end',
    )


def main(arguments: argparse.Namespace) -> int:
    """Run the command; exit status 0 when everything that was said was carried out."""
    console = _console()
    try:
        if arguments.record:
            return _record(arguments.record, console)
        return _run(script_of_files(arguments.wav) if arguments.wav else default_script(), arguments, console)
    except (PipelineError, SoundFileError, SpeechError) as error:
        console.print(f'[red]demo:[/red] {error}', highlight=False)
        return EXIT_CANNOT_RUN
    except KeyboardInterrupt:
        console.print('Interrupted: all nodes have ended.')
        return 130


def _console() -> Console:
    """Return a console wide enough for the tables also where the output goes to a file."""
    console = Console()
    return console if console.is_terminal else Console(width=PLAIN_WIDTH)


def _record(file: Path, console: Console) -> int:
    write_sound(recording(short_script(), RECORDING_PAUSE_S), file)
    console.print(f'Saved {file}.')
    return EXIT_OK


def _run(script: list[Line], arguments: argparse.Namespace, console: Console) -> int:
    try:
        from voice_pipeline.nodes.observer import observing
    except ImportError as error:
        raise PipelineError(
            f'ROS 2 is not there ({error}): run "make demo", or source a ROS 2 installation with the Python it is for'
        ) from None
    story = Story()
    spoken: list[Result] = []
    with tempfile.TemporaryDirectory(prefix='voice_pipeline_') as folder:
        pipe = Path(folder) / 'microphone'
        os.mkfifo(pipe)
        pipeline = PipelineProcesses(_parameters(arguments, pipe), logs=arguments.report.parent / 'logs')
        os.environ.update(pipeline.environment())
        try:
            with (
                observing(story, NAMESPACE, pipeline.domain_id),
                pipeline,
                Person(pipe) as person,
                live_view(console, story) as say,
            ):
                _wait_ready(story, pipeline, say)
                _converse(script, spoken, person, story, pipeline, say)
                _wait_for_last_report(story)
        finally:
            # Also after an interruption: what there is, is worth a look.
            results = judged(spoken)
            _finish(results, story, arguments.report, console)
    return EXIT_OK if all(not result.problem for result in results) else EXIT_NOT_CARRIED_OUT


def _parameters(arguments: argparse.Namespace, pipe: Path) -> Mapping[str, Mapping[str, object]]:
    noise = {'noise_m': 0.003, 'noise_deg': 0.2, 'slip': 0.03} if arguments.noise else {}
    return {
        'monitor': {},
        'simulated_robot': noise,
        'robot_control': {},
        'action_planner': {},
        'intent_parser': {},
        'speech_recognition': {
            'model': arguments.model,
            'backend': arguments.backend,
            'device': arguments.device,
        },
        'audio_capture': {'source': 'pipe', 'pipe': str(pipe)},
    }


def _wait_ready(story: Story, pipeline: PipelineProcesses, say: Callable[[str], None]) -> None:
    wanted = {node.name for node in pipeline.nodes}
    say(f'starting {len(wanted)} nodes; Whisper is being loaded')
    _wait(lambda: wanted <= story.ready, READY_TIMEOUT_S, story, pipeline, 'the nodes to be ready')


def _wait(
    condition: Callable[[], bool], timeout_s: float, story: Story, pipeline: PipelineProcesses, what: str
) -> None:
    """Wait for the condition, watching that all nodes live. Raises `PipelineError` where one has ended."""
    pipeline.wait(partial(story.wait_until, condition), timeout_s, what)


def _converse(
    script: list[Line],
    spoken: list[Result],
    person: Person,
    story: Story,
    pipeline: PipelineProcesses,
    say: Callable[[str], None],
) -> None:
    """Say one line after the other, each when the robot is done with the one before; `spoken` takes what came of it."""
    for line, is_interrupted in zip(script, _are_interrupted(script), strict=True):
        say(f'saying "{line.label}"')
        story.mark()
        times = person.say(line.samples)
        heard = _follow(times, story, pipeline, is_interrupted=is_interrupted)
        spoken.append(Result(line, times, tuple(heard)))
        say(_summary(line, heard))


def _follow(spoken: Spoken, story: Story, pipeline: PipelineProcesses, *, is_interrupted: bool) -> list[Utterance]:
    """Wait until the robot is done with what was said, or, where it will be interrupted, well under way."""

    def is_over() -> bool:
        return story.is_settled(spoken.started_ns, spoken.speech_end_ns)

    def is_under_way() -> bool:
        return is_over() or (
            any(one.is_moving for one in story.since(spoken.started_ns)) and story.travelled_m() >= INTERRUPT_AFTER_M
        )

    heard = story.wait_until(lambda: story.is_heard(spoken.started_ns, spoken.speech_end_ns), HEARD_TIMEOUT_S)
    if heard:
        _wait(is_under_way if is_interrupted else is_over, DONE_TIMEOUT_S, story, pipeline, 'the robot to be done')
    return story.since(spoken.started_ns)


def judged(spoken: list[Result]) -> list[Result]:
    """Return the results, each with what kept it from being carried out; to be called when everything is over."""
    parser = Parser(load_vocabulary())
    are_interrupted = _are_interrupted([result.line for result in spoken])
    return [
        replace(result, problem=_problem(result, parser, is_interrupted=is_interrupted))
        for result, is_interrupted in zip(spoken, are_interrupted, strict=True)
    ]


def _are_interrupted(lines: list[Line]) -> list[bool]:
    """Say of each line whether the next one interrupts it."""
    return [line.interrupts for line in lines[1:]] + [False] * bool(lines)


def _problem(result: Result, parser: Parser, *, is_interrupted: bool) -> str:
    if not any(one.is_final for one in result.utterances):
        return 'not heard'
    if result.line.words is not None:
        wanted = parser.parse(result.line.words).steps
        understood = tuple(step for one in result.utterances for step in one.intended)
        if understood != wanted:
            return f'understood as: {describe_steps(understood) or "nothing"}'
    outcomes = {outcome for one in result.utterances for outcome in one.outcomes}
    if is_interrupted and outcomes == {'stopped'}:
        return ''
    return '; '.join(one.problem for one in result.utterances if one.problem)


def _summary(line: Line, heard: list[Utterance]) -> str:
    words = ' '.join(one.transcript for one in heard).strip()
    steps = '; '.join(describe_steps(one.steps) for one in heard)
    outcomes = ', '.join(f'{e.state} {e.reason}'.strip() for one in heard for e in one.executions.values())
    return f'"{line.label}": heard "{words}", understood {steps or "nothing"}, {outcomes or "nothing done"}'


def _wait_for_last_report(story: Story) -> None:
    """Let the monitor report once more, so that the last line is in it."""
    before = story.report
    story.wait_until(lambda: story.report is not before, timeout_s=5.0)


def _finish(results: list[Result], story: Story, file: Path, console: Console) -> None:
    """Print and save what there is, also after an interruption."""
    if not results:
        return
    reporting.print_tables(console, results, story.report)
    reporting.save_json(reporting.as_json(results, story.report), file)
    picture = file.with_suffix('.png')
    reporting.save_picture(story.path, results, picture)
    console.print(f'Saved {file} and {picture}.', highlight=False)
