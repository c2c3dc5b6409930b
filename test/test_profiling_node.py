"""Every node can be profiled by a parameter, and does nothing for that where it is not."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pipeline_rig import running

from voice_pipeline.profiling.files import read_profile
from voice_pipeline.tools.parameters import NODE_SETTINGS, yaml_files

ROOT = Path(__file__).resolve().parents[1]

# A node that ends when the first spin comes, and says what a profiler would have left in its process.
LOOK = """
import signal, sys, threading
from voice_pipeline.nodes.base import PipelineNode, run
from voice_pipeline.settings import Settings

class Looking(PipelineNode):
    def __init__(self):
        super().__init__('looking', Settings)
        self.create_steady_timer(0.001, self.look)

    def look(self):
        print('threads', [thread.name for thread in threading.enumerate()])
        print('hooks', sys.getprofile(), sys.gettrace(), threading._profile_hook)
        print('signal', signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL)
        print('loaded', [name for name in sys.modules if name.startswith('voice_pipeline.profiling.')])
        self.fail('seen')

run(Looking, sys.argv)
"""
KINDS = ('threads', 'hooks', 'signal', 'loaded')


def look(*parameters):
    words = [word for parameter in parameters for word in ('-p', parameter)]
    command = [sys.executable, '-c', LOOK, '--ros-args', *words]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    lines = (line.split(' ', 1) for line in result.stdout.splitlines() if line.startswith(KINDS))
    return dict(lines), result


def test_without_the_parameter_nothing_is_installed():
    seen, _ = look()
    assert seen == {
        'threads': "['MainThread']",
        'hooks': 'None None None',
        'signal': 'True',
        'loaded': "['voice_pipeline.profiling.settings']",
    }


def test_with_the_parameter_a_profile_is_there_when_the_node_ends(tmp_path):
    seen, _ = look(f'profile:={tmp_path / "new"}', 'profile_rate_hz:=200')
    assert seen['threads'] == "['MainThread', 'profiler']"
    assert seen['hooks'] == 'None None None'
    (speedscope,) = (tmp_path / 'new').glob('looking-*.speedscope.json')
    assert read_profile(speedscope).name == 'looking'


@pytest.mark.parametrize(
    ('parameter', 'said'),
    [
        ('profile:=/dev/null/here', "set 'profile' to another folder"),
        ('profile_rate_hz:=0.0', "parameter 'profile_rate_hz' is 0.0: expected `float` >= 1.0"),
    ],
)
def test_what_cannot_be_is_said_before_the_node_works(parameter, said):
    seen, result = look(parameter)
    assert seen == {}
    assert said in result.stderr
    assert 'Traceback' not in result.stderr


def test_auto_is_a_folder_beside_the_logs(tmp_path, monkeypatch):
    monkeypatch.setenv('ROS_LOG_DIR', str(tmp_path / 'log'))
    look('profile:=auto')
    assert len(list((tmp_path / 'log' / 'profile').glob('looking-*.prof'))) == 1


def test_a_node_at_work_writes_its_profile_on_the_signal_and_goes_on(tmp_path, monkeypatch):
    with running(tmp_path, {'monitor': {'profile': str(tmp_path)}}, monkeypatch) as (_, pipeline):
        (node,) = pipeline.nodes

        def wait_for(condition):
            deadline_s = time.monotonic() + 60.0
            while not condition():
                assert node.process.poll() is None, node.last_words()
                assert time.monotonic() < deadline_s, node.last_words()
                time.sleep(0.01)

        wait_for(lambda: 'on SIGUSR1' in node.log.read_text())
        node.process.send_signal(signal.SIGUSR1)
        wait_for(lambda: list(tmp_path.glob('monitor-*.prof')))


def test_all_nodes_have_the_parameters_in_one_file_and_none_has_its_own():
    text = yaml_files()['profile.yaml']
    assert '/**:' in text
    assert 'profile: ""' in text
    for settings in NODE_SETTINGS.values():
        assert not any(parameter.name.startswith('profile') for parameter in settings.parameters())
