"""`benchmark stages`: what each stage takes, alone, in one process, without transport; and all of them one by one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from voice_pipeline.audio.speech import SpeechError
from voice_pipeline.audio.wav import SoundFileError
from voice_pipeline.monitoring.budgets import BudgetError
from voice_pipeline.recognition.choose import load
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.weights import ModelError
from voice_pipeline.settings import SettingsError
from voice_pipeline.tools.benchmark.output import count, make_console, unsaved
from voice_pipeline.tools.benchmark.recorded import RecordingError, recorded
from voice_pipeline.tools.benchmark.scenarios import Passes, ScenariosError, clips_of, load_scenarios
from voice_pipeline.tools.benchmark.stage_report import Pass, StageBenchmark, StageTimes, figures_ms
from voice_pipeline.tools.benchmark.stage_work import Workload, reference_ms, stage_workloads
from voice_pipeline.tools.machine import describe, machine
from voice_pipeline.understanding.settings import UnderstandingSettings
from voice_pipeline.understanding.words.vocabulary import VocabularyError

PURPOSE = 'what each stage takes alone, and all of them together, beside a reference workload'

REFERENCE_TAKES = 7  # before and after each pass of a stage; the fastest counts, since only others make it slower


def measure(
    workloads: Sequence[Workload],
    passes: Passes,
    say: Callable[[str], None],
    reference: Callable[[], float] = reference_ms,
) -> dict[str, StageTimes]:
    """
    Return the times of each stage.

    The workloads take turns, A B C A B C, so that what else the machine does hits all alike.
    """
    found: dict[str, list[Pass]] = {}
    for number in range(passes.warm_up + passes.repetitions):
        for workload in workloads:
            say(f'pass {number + 1} of {passes.warm_up + passes.repetitions}: {workload.name}')
            before_ms = _fastest(reference)
            samples = workload.one_pass()
            beside_ms = (before_ms + _fastest(reference)) / 2
            if number < passes.warm_up:
                continue
            for stage, times_ms in samples.items():
                found.setdefault(stage, []).append(Pass(samples_ms=tuple(times_ms), reference_ms=beside_ms))
    return {stage: StageTimes(passes=tuple(own)) for stage, own in found.items()}


def _fastest(reference: Callable[[], float]) -> float:
    return min(reference() for _ in range(REFERENCE_TAKES))


def table(report: StageBenchmark) -> Table:
    """Return the times of each stage, and how they compare with the reference workload."""
    result = Table(title='One revision, stage by stage', title_justify='left')
    result.add_column('stage')
    for heading in ('n', 'mean ms', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms', 'a second', '× reference'):
        result.add_column(heading, justify='right', no_wrap=True)
    for name, times in report.stages.items():
        figures = figures_ms(times)
        values = (f'{figures[key]:.3f}' for key in ('mean', 'p50', 'p95', 'p99', 'max'))
        rate = f'{1000.0 / figures["mean"]:.0f}'
        result.add_row(name, f'{figures["count"]:.0f}', *values, rate, f'{report.relative(name):.4f}')
    return result


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument('--scenarios', type=Path, metavar='FILE', help='what is said, and how often (scenarios.yaml)')
    parser.add_argument('--repetitions', type=count, metavar='N', help='passes instead of those of the scenarios')
    parser.add_argument('--backend', default='auto', help='auto, faster-whisper or openai-whisper (%(default)s)')
    parser.add_argument('--device', default='auto', help='auto, cpu or cuda (%(default)s)')
    parser.add_argument('--json', type=Path, metavar='FILE', help='save all times, for "compare" and "gate"')


def main(arguments: argparse.Namespace) -> int:
    """Run the benchmark; return 0, or 1 where nothing could be measured or saved (said on stderr)."""
    console, about_machine = make_console(), machine()
    try:
        settings = RecognitionSettings.from_mapping({'backend': arguments.backend, 'device': arguments.device})
        scenarios = load_scenarios(arguments.scenarios)
        backend = load(settings)
        workloads = stage_workloads(clips_of(scenarios), recorded(), backend, UnderstandingSettings())
    except (
        ScenariosError,
        RecordingError,
        SettingsError,
        ModelError,
        SoundFileError,
        SpeechError,
        VocabularyError,
        BudgetError,
        FileNotFoundError,
    ) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    passes = scenarios.benchmark
    if arguments.repetitions:
        passes = msgspec.structs.replace(passes, repetitions=arguments.repetitions)
    with console.status('starting') as status:
        times = measure(workloads, passes, status.update)
    return _report(StageBenchmark(machine=about_machine, backend=backend.description, stages=times), arguments, console)


def _report(report: StageBenchmark, arguments: argparse.Namespace, console: Console) -> int:
    console.print(table(report))
    console.print(f'{report.backend}; {describe(report.machine)}', highlight=False)
    if arguments.json is None:
        return 0
    try:
        save_report(report, arguments.json)
    except OSError as error:
        return unsaved(error)
    console.print(f'Saved {arguments.json}.', highlight=False)
    return 0


def save_report(report: StageBenchmark, path: Path) -> None:
    """Write the report, its times to a tenth of a microsecond. Raises `OSError`."""
    rounded = {
        name: StageTimes(
            passes=tuple(
                Pass(
                    samples_ms=tuple(max(round(sample, 4), 1e-4) for sample in one.samples_ms),
                    reference_ms=round(one.reference_ms, 4),
                )
                for one in times.passes
            )
        )
        for name, times in report.stages.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(report, stages=rounded)) + b'\n')
