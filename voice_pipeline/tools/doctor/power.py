"""Is the machine awake and cool, and may the control loop go before everything else?"""

from __future__ import annotations

import resource
from collections.abc import Callable, Sequence

from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.jetson import setup
from voice_pipeline.jetson.board import find_board
from voice_pipeline.jetson.clocks import ClocksTuning
from voice_pipeline.jetson.governor import GovernorTuning
from voice_pipeline.jetson.host import Host
from voice_pipeline.jetson.power_mode import PowerModeTuning
from voice_pipeline.jetson.realtime import GROUP, LIMIT_LINES, LIMITS
from voice_pipeline.jetson.swapping import SwappinessTuning
from voice_pipeline.jetson.tuning import Tuning
from voice_pipeline.monitoring.causes import HOT_C
from voice_pipeline.monitoring.hardware import find_sensors
from voice_pipeline.monitoring.machine import Reading
from voice_pipeline.tools.doctor.check import Check, Finding, ok, skipped, warning
from voice_pipeline.tools.doctor.configuration import settings_of
from voice_pipeline.tools.doctor.isolated import ask
from voice_pipeline.tools.doctor.records import PriorityAnswer, PriorityQuestion
from voice_pipeline.tools.doctor.surroundings import Surroundings

JETSON_ADVICE = (
    'see what would change: python -m voice_pipeline jetson plan; do it: sudo $(which python) -m voice_pipeline jetson '
    'apply; or launch with jetson:=apply'
)
GOVERNOR_ADVICE = 'echo performance | sudo tee /sys/devices/system/cpu/cpufreq/policy*/scaling_governor (until reboot)'
SWAPPING_ADVICE = 'echo vm.swappiness=10 | sudo tee /etc/sysctl.d/99-voice-pipeline.conf && sudo sysctl --system'
_REALTIME_LINES = ' '.join(f"'{line}'" for line in LIMIT_LINES)
_REALTIME_ADVICE = (
    f"sudo groupadd -f {GROUP} && sudo usermod -aG {GROUP} $USER && printf '%s\\n' {_REALTIME_LINES} | "
    f'sudo tee {LIMITS}; then log out and in again (in a container: docker run --cap-add=SYS_NICE)'
)
_THROTTLE_COUNTS = '/sys/devices/system/cpu/cpu*/thermal_throttle/core_throttle_count'


def checks(here: Surroundings) -> tuple[Check, ...]:
    """Return the checks of power, clocks, heat and priority."""
    group, host = 'Power and priority', here.host
    is_jetson = find_board(host.root) is not None

    def on_jetson(tuning: Tuning) -> Finding:
        return check_tuning(tuning, JETSON_ADVICE) if is_jetson else skipped('not a Jetson')

    def anywhere(tuning: Tuning, advice: str) -> Finding:
        return check_tuning(tuning, JETSON_ADVICE if is_jetson else advice)

    def look_at_priority() -> Finding:
        settings = settings_of(here.files, 'robot_control', ControlSettings)
        limit, _ = resource.getrlimit(resource.RLIMIT_RTPRIO)
        return check_realtime(settings, limit, lambda: try_priority(settings))

    return (
        Check('power-mode', group, 'the fastest power mode?', lambda: on_jetson(PowerModeTuning(host)), 'power mode'),
        Check('clocks', group, 'clocks locked?', lambda: on_jetson(ClocksTuning(host)), 'power mode'),
        Check(
            'governor',
            group,
            'a CPU that does not doze?',
            lambda: anywhere(GovernorTuning(host), GOVERNOR_ADVICE),
            'power mode',
        ),
        Check(
            'temperature',
            group,
            'cool, and not slowed down?',
            lambda: check_temperature(read_sensors(host), host),
            'power mode',
        ),
        Check(
            'swapping',
            group,
            'does memory stay in memory?',
            lambda: anywhere(SwappinessTuning(host), SWAPPING_ADVICE),
            'allocation',
        ),
        Check('real-time', group, 'real-time priority permitted?', look_at_priority),
    )


def read_sensors(host: Host) -> tuple[Reading, ...]:
    """Return what the machine's sensors say."""
    sensors = find_sensors(host)
    try:
        return sensors.read().readings
    finally:
        sensors.close()


def check_tuning(tuning: Tuning, advice: str) -> Finding:
    """Is one of the Jetson's tunings as wanted? Others than power mode and clocks exist on any Linux."""
    (outcome,) = setup.verify([tuning])
    if outcome.state == 'ok':
        return ok(outcome.reason + (f' ({outcome.advice})' if outcome.advice else ''))
    if outcome.state == 'not available':
        return skipped(outcome.reason)
    return warning(outcome.reason, outcome.advice or advice)


def check_temperature(readings: Sequence[Reading], host: Host) -> Finding:
    """Is the machine cool, and is nothing slowed down for heat or current?"""
    slowed = [f'{each.name} ({each.value:g} {each.unit})' for each in readings if _is_throttling(each)]
    counts = [host.read(file) for file in host.find(_THROTTLE_COUNTS)]
    events = max((int(count) for count in counts if count.isdecimal()), default=0)
    hottest = max((each for each in readings if each.group == 'temperature'), key=lambda each: each.value, default=None)
    warmth = f'the hottest sensor ({hottest.name}) shows {hottest.value:.0f} °C' if hottest else ''
    if slowed:
        return warning(
            f'the board is slowing itself down: {", ".join(slowed)}{f"; {warmth}" if warmth else ""}',
            'give it air, a fan at full speed (sudo jetson_clocks --fan on a Jetson) and a power supply that is strong '
            'enough; or choose a power mode with less power: python -m voice_pipeline jetson --power-mode NAME apply',
        )
    if hottest is not None and hottest.value >= HOT_C:
        return warning(f'{warmth}: clocks will be lowered soon', 'give it air: dust, fan, a place out of the sun')
    if events:
        return warning(
            f'the processor was slowed down for heat {events} times since the machine was started'
            f'{f"; now {warmth}" if warmth else ""}',
            'give it air, and try the speed again under load: python -m voice_pipeline doctor --only speed temperature',
        )
    return ok(f'{warmth}; nothing is slowed down') if hottest else skipped('no temperature can be read here')


def _is_throttling(reading: Reading) -> bool:
    return reading.group == 'throttling' and reading.value > 0


def try_priority(settings: ControlSettings) -> PriorityAnswer:
    """Ask for the control loop's priority in another process. Raises `CheckError`."""
    return ask(
        'priority',
        PriorityQuestion(priority=settings.realtime_priority),
        PriorityAnswer,
        what='real-time priority cannot be tried',
        advice=_REALTIME_ADVICE,
        timeout_s=10.0,
    )


def check_realtime(settings: ControlSettings, limit: int, answer: Callable[[], PriorityAnswer]) -> Finding:
    """May the control loop go before everything else? `limit` is RLIMIT_RTPRIO, the highest priority given away."""
    priority = settings.realtime_priority
    if priority == 0:
        return skipped('realtime_priority of robot_control is 0: none is wanted')
    if problem := answer().problem:
        return warning(f'{problem}; the limit is {limit}: under load the control loop may be late', _REALTIME_ADVICE)
    return ok(f'the control loop gets real-time priority {priority}')
