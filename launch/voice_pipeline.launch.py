"""The whole pipeline: from the microphone to the robot's wheels, with the monitor."""

from launch import Action, EventHandler, LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    GroupAction,
    IncludeLaunchDescription,
    OpaqueFunction,
    RegisterEventHandler,
)
from launch.conditions import IfCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution, PythonExpression
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

from voice_pipeline.simulation.skills import SKILLS

ARGUMENTS = [
    DeclareLaunchArgument('namespace', default_value='voice', description='Namespace of all nodes and topics.'),
    DeclareLaunchArgument(
        'source',
        default_value='microphone',
        choices=['microphone', 'wav', 'pipe'],
        description='Where the sound comes from.',
    ),
    DeclareLaunchArgument(
        'wav', default_value='', description="Sound file for source:=wav; several are separated by ':'."
    ),
    DeclareLaunchArgument(
        'pipe', default_value='', description='Named pipe with raw 16 kHz mono 16-bit samples, for source:=pipe.'
    ),
    DeclareLaunchArgument(
        'microphone',
        default_value='',
        description='Input device: part of its name, or its index ("voice_pipeline devices" lists them). '
        'Empty: the default device.',
    ),
    DeclareLaunchArgument(
        'model', default_value='tiny.en', description='Whisper model: a name (tiny.en, base.en, ...) or a path.'
    ),
    DeclareLaunchArgument(
        'backend',
        default_value='auto',
        choices=['auto', 'openai-whisper', 'faster-whisper'],
        description='What runs Whisper. auto chooses by what is installed and which device there is.',
    ),
    DeclareLaunchArgument(
        'device', default_value='auto', choices=['auto', 'cpu', 'cuda'], description='Where Whisper runs.'
    ),
    DeclareLaunchArgument(
        'robot',
        default_value='real',
        choices=['real', 'simulated'],
        description='real: the robot listens on cmd_vel. simulated: a robot that moves without wheels is started too.',
    ),
    DeclareLaunchArgument(
        'world',
        default_value='',
        description='What stands around the simulated robot: flat (the small flat of the package), or a YAML file. '
        'Empty: an open floor.',
    ),
    DeclareLaunchArgument(
        'drive',
        default_value='differential',
        choices=['differential', 'omnidirectional'],
        description='Whether the simulated robot can move sideways.',
    ),
    DeclareLaunchArgument(
        'speaker',
        default_value='false',
        choices=['true', 'false'],
        description='true: the robot says aloud what it answers, through a loudspeaker.',
    ),
    DeclareLaunchArgument(
        'loudspeaker',
        default_value='',
        description='Output device for speaker:=true: part of its name, or its index. Empty: the default device.',
    ),
    DeclareLaunchArgument(
        'dashboard',
        default_value='false',
        choices=['true', 'false'],
        description='true: a web page shows what the pipeline hears, understands and does, with a STOP button, at '
        'http://127.0.0.1:8050/ (dashboard.yaml: other addresses, which need a token).',
    ),
    DeclareLaunchArgument('dashboard_port', default_value='8050', description='TCP port for dashboard:=true.'),
    DeclareLaunchArgument(
        'cmd_vel',
        default_value='/cmd_vel',
        description="The robot's velocity topic (with robot:=simulated, the simulated robot's).",
    ),
    DeclareLaunchArgument(
        'odom',
        default_value='/odom',
        description="The robot's odometry topic (with robot:=simulated, its own).",
    ),
    DeclareLaunchArgument(
        'scan',
        default_value='/scan',
        description="The robot's laser scans, before which it stops (with robot:=simulated, its own).",
    ),
    DeclareLaunchArgument(
        'battery_state',
        default_value='/battery_state',
        description="How full the robot's battery is, which it tells who asks (with robot:=simulated, its own).",
    ),
    DeclareLaunchArgument(
        'stamped',
        default_value='false',
        choices=['true', 'false'],
        description='Send TwistStamped instead of Twist on cmd_vel.',
    ),
    DeclareLaunchArgument(
        'vocabulary',
        default_value='',
        description="YAML file with the robot's names and places. Empty: the one installed with the package.",
    ),
    DeclareLaunchArgument(
        'config',
        default_value=PathJoinSubstitution([FindPackageShare('voice_pipeline'), 'config']),
        description="Folder with one parameter file a node and the robot's limits: copy the installed one, and edit.",
    ),
    DeclareLaunchArgument(
        'jetson',
        default_value='verify',
        choices=['verify', 'apply', 'off'],
        description='On a Jetson, before the nodes start: say whether power mode, clocks and tuning are as wanted, '
        'make them so, or do not look. The other arguments of jetson.launch.py may be given too.',
    ),
    DeclareLaunchArgument(
        'profile',
        default_value='',
        description='Folder for a profile of each node, written when it ends and on SIGUSR1 ("voice_pipeline flame" '
        "draws them). auto: the folder profile beside ROS's logs. Empty: none.",
    ),
    DeclareLaunchArgument(
        'log_level',
        default_value='info',
        choices=['debug', 'info', 'warn', 'error', 'fatal'],
        description='How much the nodes log.',
    ),
]

# The parameters that launch arguments set, a node each: parameter name to launch argument.
OVERRIDES = {
    'audio_capture': {'source': 'source', 'wav': 'wav', 'pipe': 'pipe', 'device': 'microphone'},
    'speech_recognition': {'model': 'model', 'backend': 'backend', 'device': 'device', 'vocabulary': 'vocabulary'},
    'intent_parser': {'vocabulary': 'vocabulary'},
    'action_planner': {'vocabulary': 'vocabulary'},
    'robot_control': {'stamped': 'stamped'},
    'speaker': {'device': 'loudspeaker'},
    'simulated_robot': {'stamped': 'stamped', 'world': 'world', 'drive': 'drive'},
    'monitor': {'stamped': 'stamped'},
    'dashboard': {'port': 'dashboard_port', 'world': 'world', 'vocabulary': 'vocabulary'},
}
BOOLEANS = ('stamped',)
INTEGERS = ('port',)
# Those of every node.
SHARED_OVERRIDES = {'profile': 'profile'}
# The topics of the robot, each remapped to the launch argument of its name.
ROBOT_TOPICS = ('cmd_vel', 'odom', 'scan', 'battery_state')
# The nodes that keep to the robot's limits.
LIMITED = ('action_planner', 'robot_control')


def make_node(context: LaunchContext, name: str, condition: IfCondition | None = None) -> Node:
    """Return the action that starts one node, with its parameter file and what the launch arguments say."""
    overrides = {}
    for parameter, argument in {**SHARED_OVERRIDES, **OVERRIDES[name]}.items():
        value = LaunchConfiguration(argument).perform(context)
        overrides[parameter] = _typed(parameter, value)
    if name == 'action_planner' and LaunchConfiguration('robot').perform(context) == 'simulated':
        overrides['skills'] = SKILLS  # a real robot's are in its action_planner.yaml
    files = [f'{name}.yaml', 'profile.yaml', *(['robot.yaml'] if name in LIMITED else [])]
    return Node(
        package='voice_pipeline',
        executable=name,
        name=name,
        namespace=LaunchConfiguration('namespace'),
        parameters=[*(PathJoinSubstitution([LaunchConfiguration('config'), file]) for file in files), overrides],
        remappings=[(topic, LaunchConfiguration(topic)) for topic in ROBOT_TOPICS],
        arguments=['--ros-args', '--log-level', LaunchConfiguration('log_level')],
        output='screen',
        emulate_tty=True,
        respawn=True,
        respawn_delay=2.0,
        condition=condition,
    )


def _typed(parameter: str, value: str) -> bool | int | str:
    """Return the text of a launch argument as what the parameter is."""
    if parameter in BOOLEANS:
        return value == 'true'
    return int(value) if parameter in INTEGERS else value


def make_nodes(context: LaunchContext) -> list[Node]:
    """Return all nodes, in flow order."""
    conditions = {
        'simulated_robot': IfCondition(PythonExpression(["'", LaunchConfiguration('robot'), "' == 'simulated'"])),
        'speaker': IfCondition(LaunchConfiguration('speaker')),
        'dashboard': IfCondition(LaunchConfiguration('dashboard')),
    }
    return [make_node(context, name, conditions.get(name)) for name in OVERRIDES]


def start_once_settled(context: LaunchContext) -> list[Action]:
    """Return what starts the nodes once jetson.launch.py has done its part, in the scope that is valid now."""
    configurations, environment = dict(context.launch_configurations), dict(context.environment)

    def start(later: LaunchContext) -> list[Node]:
        later.launch_configurations.update(configurations)
        later.environment.update(environment)
        return make_nodes(later)

    handler = EventHandler(
        matcher=lambda event: event.name == 'voice_pipeline.jetson_settled',
        entities=[GroupAction([OpaqueFunction(function=start)])],
        handle_once=True,
    )
    return [RegisterEventHandler(handler)]


def include_jetson() -> GroupAction:
    """Return the include of jetson.launch.py; its arguments do not leak into what includes this file."""
    file = PathJoinSubstitution([FindPackageShare('voice_pipeline'), 'launch', 'jetson.launch.py'])
    source = PythonLaunchDescriptionSource(file)
    return GroupAction(
        [IncludeLaunchDescription(source, launch_arguments={'apply': LaunchConfiguration('jetson')}.items())]
    )


def generate_launch_description() -> LaunchDescription:
    """Return the description that `ros2 launch` runs."""
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=start_once_settled), include_jetson()])
