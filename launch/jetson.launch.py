"""
Sets a Jetson up, or only looks whether it is, and says when that is settled.

Whoever includes this file starts what must wait for it on the event `voice_pipeline.jetson_settled`. The event comes at
once where there is nothing to do, and never where `strict:=true` shuts everything down.
"""

from pathlib import Path

from launch import Action, Event, LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    ExecuteProcess,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
)
from launch.event_handlers import OnProcessExit
from launch.events.process import ProcessExited
from launch.substitutions import LaunchConfiguration
from launch_ros.substitutions import ExecutableInPackage

from voice_pipeline.jetson.board import find_board

ARGUMENTS = [
    DeclareLaunchArgument(
        'apply',
        default_value='verify',
        choices=['verify', 'apply', 'off'],
        description='verify: say whether power mode, clocks and tuning are as wanted. apply: make them so, as far as '
        'sudo allows without a password. off: do not look.',
    ),
    DeclareLaunchArgument(
        'power_mode',
        default_value='max',
        description='max: the fastest power mode of the board. keep: the one in use. Or the name of one, such as 25W.',
    ),
    DeclareLaunchArgument(
        'strict',
        default_value='false',
        choices=['true', 'false'],
        description='Shut down where not all is as wanted, instead of starting all the same.',
    ),
    DeclareLaunchArgument(
        'dry_run',
        default_value='false',
        choices=['true', 'false'],
        description='With apply:=apply, say what would be done, and touch nothing.',
    ),
    DeclareLaunchArgument(
        'restore',
        default_value='false',
        choices=['true', 'false'],
        description='With apply:=apply, put back what was there before when the launch ends.',
    ),
    DeclareLaunchArgument(
        'root', default_value='/', description="The board's file system: / or a copy of one, to try this file on."
    ),
]

# The commands give up by themselves, each after 20 s: time enough to put everything back.
RESTORE_TIMEOUT_S = '60'


class JetsonSettled(Event):
    """The Jetson is set up as far as it will be."""

    name = 'voice_pipeline.jetson_settled'


def make_process(name: str, *words: str, **options: str) -> ExecuteProcess:
    """Return the action that runs `voice_pipeline jetson ...`."""
    program = ExecutableInPackage(package='voice_pipeline', executable='voice_pipeline')
    return ExecuteProcess(cmd=[program, 'jetson', *words], name=name, output='screen', **options)


def make_actions(context: LaunchContext) -> list[Action]:
    """Return what the arguments ask for, on this machine."""
    given = {argument.name: LaunchConfiguration(argument.name).perform(context) for argument in ARGUMENTS}
    settled = EmitEvent(event=JetsonSettled())
    if given['apply'] == 'off':
        return [settled]
    if find_board(Path(given['root'])) is None:
        return [LogInfo(msg='not a Jetson: no power mode or clocks to set up'), settled]

    is_on = {name: value == 'true' for name, value in given.items()}
    where = ('--root', given['root'])
    switches = [switch for switch, name in (('--dry-run', 'dry_run'), ('--strict', 'strict')) if is_on[name]]
    setup = make_process('jetson', given['apply'], '--power-mode', given['power_mode'], *where, *switches)
    then: list[Action] = [settled]
    if given['apply'] == 'apply' and is_on['restore'] and not is_on['dry_run']:
        timeouts = {'sigterm_timeout': RESTORE_TIMEOUT_S, 'sigkill_timeout': RESTORE_TIMEOUT_S}
        then.append(make_process('jetson_restore', 'undo', '--at-end', *where, **timeouts))

    def on_exit(event: ProcessExited, _: LaunchContext) -> list[Action]:
        if is_on['strict'] and event.returncode != 0:
            # Unlike the action Shutdown, this prints the reason and makes the exit status of the launch 1.
            raise RuntimeError('the Jetson is not set up as wanted (strict:=true): see above what is missing')
        return then

    return [RegisterEventHandler(OnProcessExit(target_action=setup, on_exit=on_exit)), setup]


def generate_launch_description() -> LaunchDescription:
    """Return the description that `ros2 launch` runs."""
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=make_actions)])
