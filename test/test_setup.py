"""The set-up says plainly what is missing, before it changes anything."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / 'scripts' / 'setup.sh'


def set_up(python, **environment):
    # Neither the test's own environment nor a sourced ROS may leak in.
    clean = {name: value for name, value in os.environ.items() if not name.startswith(('ROS_', 'PYTHON', 'AMENT_'))}
    return subprocess.run(
        [SCRIPT],
        env={**clean, 'PYTHON': str(python), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def python_without_ros(tmp_path):
    """The real interpreter, as a machine has it where ROS is only half installed."""
    script = tmp_path / 'python3'
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    script.chmod(0o755)
    return script


def test_half_a_ros_is_an_error_that_says_what_to_do(python_without_ros):
    result = set_up(python_without_ros, ROS_DISTRO='humble')
    assert result.returncode == 1
    assert "ROS_DISTRO is 'humble' but" in result.stderr
    assert 'source /opt/ros/humble/setup.bash' in result.stderr


def test_a_python_of_another_version_is_refused(tmp_path):
    old = tmp_path / 'python3'
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.8.1 && exit 0\nexit 1\n')
    old.chmod(0o755)
    result = set_up(old)
    assert result.returncode == 1
    assert 'Python 3.10, 3.11 or 3.12 is needed' in result.stderr
    assert 'Python 3.8.1' in result.stderr


def test_a_python_that_is_not_there_is_refused():
    result = set_up('/nowhere/python3')
    assert result.returncode == 1
    assert '/nowhere/python3 is not installed' in result.stderr


def test_the_demo_without_ros_says_what_to_do():
    program = (
        "import sys; sys.modules['rclpy'] = None\nfrom voice_pipeline.__main__ import main; sys.exit(main(['demo']))"
    )
    result = subprocess.run(
        [sys.executable, '-c', program], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 2
    assert 'ROS 2 is not there' in result.stdout
    assert 'make demo' in result.stdout
    assert 'Traceback' not in result.stderr
