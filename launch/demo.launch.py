"""The whole pipeline with a sound file for a microphone and a simulated robot: needs no hardware."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare


def generate_launch_description() -> LaunchDescription:
    """Return the description that `ros2 launch` runs."""
    share = FindPackageShare('voice_pipeline')
    pipeline = PathJoinSubstitution([share, 'launch', 'voice_pipeline.launch.py'])
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                'wav',
                default_value=PathJoinSubstitution([share, 'resource', 'demo.flac']),
                description="What is said: a sound file; several are separated by ':'.",
            ),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(pipeline),
                launch_arguments={
                    'source': 'wav',
                    'wav': LaunchConfiguration('wav'),
                    'robot': 'simulated',
                    'cmd_vel': 'cmd_vel',
                    'odom': 'odom',
                    'scan': 'scan',
                    'battery_state': 'battery_state',
                }.items(),
            ),
        ]
    )
