"""What the tests of the dashboard share: something to show, a robot that notes what it is told, a real browser."""

import contextlib
import json
import shutil

import pytest
from monitoring_script import Script

from voice_pipeline.control.motion import Odometry
from voice_pipeline.dashboard.state import DashboardState
from voice_pipeline.monitoring.machine import MachineSample, ProcessUsage, Reading
from voice_pipeline.monitoring.utterances import UtteranceRecord

S = 1_000_000_000
START_NS = 1_700_000_000 * S
READINGS = (Reading('temperature', 'CPU', 51.3, '°C'), Reading('power', 'board', 6.4, 'W'))
TOKEN = 'a token that is long enough'


class NotingRobot:
    """Notes what it is told; `is_there` says whether anyone listens."""

    def __init__(self):
        self.is_there = True
        self.told = []

    def stop(self):
        self.told.append('stop')
        return self.is_there

    def command(self, text):
        self.told.append(text)
        return self.is_there


def record(utterance_id='u1', **fields):
    common = {'kind': 'voice', 'started_ns': START_NS, 'speech_end_ns': START_NS, 'updated_ns': START_NS}
    return UtteranceRecord(utterance_id=utterance_id, **{**common, **fields})


def scripted_report(texts=('go forward two meters',), **latencies):
    """Return a report of a pipeline in which these were said, with some load on the machine."""
    script = Script()
    for name, value in latencies.items():
        setattr(script, name, value)
    for number, text in enumerate(texts):
        script.audio(40)
        script.obey(f'u{number}', text=text)
    process = ProcessUsage('speech_recognition', 7, 31.5, 412.0)
    script.monitor.on_machine(MachineSample((20.0, 40.0), None, 412.0, (process,), READINGS))
    return script.report()


def filled_state(now_ns=START_NS):
    """Return a state with something of everything."""
    state = DashboardState(lambda: now_ns)
    report = scripted_report(('go forward two meters', 'turn left'))
    state.on_report(report)
    latency = report.voice_to_action.values.utterances[0]
    state.on_utterance(record('u0', heard='go forward two meters', outcome='done', latency=latency))
    state.on_utterance(record('u1', heard='fly to the moon', outcome='refused', reason='it has no wings'))
    state.on_say('I cannot fly.')
    state.on_odometry(Odometry(1.0, 0.5, 0.3))
    return state


def update_request(client, seen=None):
    """Return what a browser sends to have the page filled, from what the server says of its only update."""
    (callback,) = client.get('/_dash-dependencies').get_json()
    names = [name.rpartition('.') for name in callback['output'].strip('.').split('...')]
    return {
        'output': callback['output'],
        'outputs': [{'id': name, 'property': attribute} for name, _, attribute in names],
        'inputs': [{'id': 'tick', 'property': 'n_intervals', 'value': 1}],
        'changedPropIds': ['tick.n_intervals'],
        'state': [{'id': 'seen', 'property': 'data', 'value': seen or {}}],
    }


def need_browser():
    if not (shutil.which('chromium') and shutil.which('chromedriver')):
        pytest.skip('chromium and chromedriver are not installed')


@contextlib.contextmanager
def browser():
    """Yield Chromium without a window, which keeps a log of the network and of its console."""
    webdriver = pytest.importorskip('selenium.webdriver')
    need_browser()
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which('chromium')
    for argument in ('--headless=new', '--no-sandbox', '--disable-gpu', '--window-size=1440,900'):
        options.add_argument(argument)
    options.set_capability('goog:loggingPrefs', {'performance': 'ALL', 'browser': 'ALL'})
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which('chromedriver')))
    try:
        yield driver
    finally:
        driver.quit()


def requested_urls(driver):
    """Return what the browser has asked the network for since the last call."""
    events = (json.loads(entry['message'])['message'] for entry in driver.get_log('performance'))
    return [event['params']['request']['url'] for event in events if event['method'] == 'Network.requestWillBeSent']


def show_at_width(driver, width_px):
    metrics = {'width': width_px, 'height': 850, 'deviceScaleFactor': 2, 'mobile': width_px < 600}
    driver.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', metrics)
