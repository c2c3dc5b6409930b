"""The dashboard as a node, over real DDS, looked at with a real browser where there is one."""

import re
import urllib.error
import urllib.request

import pytest
import rclpy
from dashboard_rig import browser, record, requested_urls, scripted_report, show_at_width
from graph_rig import PATIENCE_S, Stranger
from nav_msgs.msg import Odometry as OdometryMessage
from std_msgs.msg import Empty, String

from voice_pipeline import topics
from voice_pipeline.control.motion import Odometry
from voice_pipeline.messages import Execution, encode
from voice_pipeline.monitoring.report import encode_report
from voice_pipeline.monitoring.utterances import encode_utterance
from voice_pipeline.nodes.base import MESSAGE_QOS
from voice_pipeline.nodes.conversions import odometry_to_message
from voice_pipeline.tools.processes import NAMESPACE, PipelineProcesses

# What sticks out of the box of its stage.
SPILLED = """
return [...document.querySelectorAll('.stage *')].filter((element) =>
  element.getBoundingClientRect().right > element.closest('.stage').getBoundingClientRect().right
).map((element) => element.textContent)
"""


class Pipeline(Stranger):
    """Stands for all other nodes: publishes what they would, and hears what the page tells them."""

    def __init__(self):
        super().__init__(NAMESPACE, stop=(Empty, MESSAGE_QOS), command=(String, MESSAGE_QOS))
        self._odometry = self.node.create_publisher(OdometryMessage, topics.ODOM, MESSAGE_QOS)
        self.node.create_timer(0.05, self._say_where_it_is)

    def _say_where_it_is(self):
        self._odometry.publish(odometry_to_message(Odometry(1.25, -0.5, 0.3), 1))

    @property
    def commands(self):
        return [message.data for message in self.heard[topics.COMMAND]]

    def say_everything(self):
        """Publish one of everything that the page shows."""
        report = scripted_report(('go forward two meters',), recognition_ms=41)
        latency = report.voice_to_action.values.utterances[0]
        done = record('u0', heard='go forward two meters', understood='move', outcome='done', latency=latency)
        common = {'utterance_id': 'u0', 'revision': 0, 'is_final': True, 'speech_end_ns': 0, 'plan_id': 'p'}
        self.publish(topics.REPORT, String(data=encode_report(report)))
        self.publish(topics.UTTERANCE, String(data=encode_utterance(done)))
        self.publish(topics.SAY, String(data='I am on my way.'))
        self.publish(topics.EXECUTION, String(data=encode(Execution(state='running', progress=0.4, **common))))


@pytest.fixture(scope='module')
def node(tmp_path_factory):
    """The dashboard as a process, the only one on its domain."""
    parameters = {'dashboard': {'port': 0, 'rate_hz': 10.0}}
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        PipelineProcesses(parameters, logs=tmp_path_factory.mktemp('dashboard')) as processes,
    ):
        for name, value in processes.environment().items():
            monkeypatch.setenv(name, value)
        rclpy.init(domain_id=processes.domain_id)
        yield processes.nodes[0]
        rclpy.try_shutdown()


@pytest.fixture(scope='module')
def url(node, pipeline):
    """The node's address, once what is posted there finds its way."""
    url = address_of(node, pipeline)
    pipeline.spin_until(lambda: post(f'{url}stop') == 204)
    return url


@pytest.fixture(scope='module')
def pipeline(node):
    pipeline = Pipeline()
    pipeline.say_everything()
    yield pipeline
    pipeline.node.destroy_node()


@pytest.fixture(scope='module')
def page(url, pipeline):
    """The page in a browser, filled."""
    with browser() as driver:
        driver.get(url)
        spin_until_shown(pipeline, driver, '#utterances', 'go forward two meters')
        yield driver


def address_of(node, stranger):
    stranger.spin_until(lambda: 'ready: http' in node.log.read_text())
    return re.search(r'ready: (http://127\.0\.0\.1:\d+/)', node.log.read_text())[1]


def text_of(driver, selector):
    return driver.execute_script('return document.querySelector(arguments[0])?.innerText ?? ""', selector)


def spin_until_shown(pipeline, driver, selector, text):
    pipeline.spin_until(lambda: text in text_of(driver, selector))


def post(url, form=b''):
    try:
        with urllib.request.urlopen(url, form, timeout=PATIENCE_S) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_what_is_posted_is_published(url, pipeline):
    stops = len(pipeline.heard[topics.STOP])
    pipeline.spin_until(lambda: post(f'{url}command', b'text=turn+left') == 204)
    pipeline.spin_until(lambda: pipeline.commands[-1:] == ['turn left'])
    assert post(f'{url}stop') == 204
    pipeline.spin_until(lambda: len(pipeline.heard[topics.STOP]) > stops)


def test_malformed_documents_are_counted_once_in_the_log_and_change_nothing(node, url, pipeline):
    for topic in (topics.REPORT, topics.UTTERANCE, topics.EXECUTION):
        for _ in range(2):
            pipeline.publish(topic, String(data='{"no": "document"}'))
    pipeline.spin_until(lambda: node.log.read_text().count('ignoring a bad message') == 3)
    assert post(f'{url}stop') == 204


def test_the_page_shows_the_numbers_of_each_stage(page, pipeline):
    spin_until_shown(pipeline, page, '#stage-recognition', '15.6 Hz')
    assert '41.0 ms' in text_of(page, '#stage-recognition')
    assert '✓ OK' in text_of(page, '#stage-planning')
    assert page.execute_script('return document.querySelectorAll(".stage").length') == 6


def test_numbers_are_live(page, pipeline):
    pipeline.publish(topics.REPORT, String(data=encode_report(scripted_report(recognition_ms=90))))
    spin_until_shown(pipeline, page, '#stage-recognition', '90.0 ms')
    assert '✕ ERROR' in text_of(page, '#stage-recognition')


def test_the_page_shows_utterance_answer_work_and_place(page, pipeline):
    assert 'done' in text_of(page, '#utterances')
    assert page.execute_script('return document.querySelectorAll("#utterances .bars span").length') == 5
    spin_until_shown(pipeline, page, '#sayings', 'I am on my way.')
    spin_until_shown(pipeline, page, '#status', '40% done')
    spin_until_shown(pipeline, page, '#status', 'x 1.25 m, y -0.50 m')
    drawn = 'return document.querySelectorAll("#map .scatterlayer .trace").length'
    pipeline.spin_until(lambda: page.execute_script(drawn) >= 3)  # places, path, robot


def test_nothing_is_asked_of_any_other_host_and_the_console_is_clean(page, url):
    page.get(url)
    urls = requested_urls(page)
    assert any('plotly' in one for one in urls)
    assert [one for one in urls if not one.startswith((url, 'data:', 'blob:'))] == []
    assert [entry for entry in page.get_log('browser') if entry['level'] == 'SEVERE'] == []


def test_a_typed_command_arrives(page, pipeline):
    field = page.find_element('id', 'words')
    field.send_keys('go to the kitchen\n')
    pipeline.spin_until(lambda: pipeline.commands[-1:] == ['go to the kitchen'])
    pipeline.spin_until(lambda: 'sent: go to the kitchen' in text_of(page, '#told'))
    assert field.get_property('value') == ''


@pytest.mark.parametrize('way', ['mouse', 'escape', 'tab and enter', 'escape while typing'])
def test_stop_arrives(page, pipeline, way):
    stops = len(pipeline.heard[topics.STOP])
    if way == 'mouse':
        page.find_element('css selector', '#stop button').click()
    elif way == 'escape':
        page.find_element('tag name', 'body').send_keys('\ue00c')
    elif way == 'tab and enter':
        page.find_element('css selector', '#stop button').send_keys('\n')
    else:
        page.find_element('id', 'words').send_keys('go forw', '\ue00c')
    pipeline.spin_until(lambda: len(pipeline.heard[topics.STOP]) > stops)
    pipeline.spin_until(lambda: 'STOP sent' in text_of(page, '#told'))


def test_stop_works_without_any_script(page, url, pipeline):
    stops = len(pipeline.heard[topics.STOP])
    page.execute_cdp_cmd('Emulation.setScriptExecutionDisabled', {'value': True})
    try:
        page.get(url)
        page.find_element('css selector', '#stop button').click()
        pipeline.spin_until(lambda: len(pipeline.heard[topics.STOP]) > stops)
        assert page.current_url == url
    finally:
        page.execute_cdp_cmd('Emulation.setScriptExecutionDisabled', {'value': False})
        page.get(url)


@pytest.mark.parametrize('width_px', [320, 390, 768, 1100, 1440])
def test_nothing_is_wider_than_the_screen_and_stop_is_always_in_sight(page, pipeline, width_px):
    show_at_width(page, width_px)
    spin_until_shown(pipeline, page, '#stage-control', 'Hz')
    for place in ('0', 'document.documentElement.scrollHeight'):
        page.execute_script(f'window.scrollTo(0, {place})')
        assert page.execute_script('return document.documentElement.scrollWidth') <= width_px
        box = page.execute_script('return document.querySelector("#stop button").getBoundingClientRect()')
        assert box['left'] >= 0
        assert box['right'] <= width_px
        assert box['top'] >= 0
        assert box['bottom'] <= 850
        assert box['height'] >= 44  # a thumb's width
    assert page.execute_script(SPILLED) == []


def test_a_page_whose_robot_is_gone_says_so(tmp_path, pipeline):
    with browser() as driver:
        with PipelineProcesses({'dashboard': {'port': 0}}, logs=tmp_path) as processes:
            driver.get(address_of(processes.nodes[0], pipeline))
            spin_until_shown(pipeline, driver, '#utterances', 'say or type a command')
            lost = driver.find_element('id', 'lost')
            pipeline.spin_until(lambda: not lost.is_displayed())  # loading may have taken its time
        pipeline.spin_until(lost.is_displayed)
        assert 'No connection to the robot' in lost.text
        driver.find_element('css selector', '#stop button').click()
        spin_until_shown(pipeline, driver, '#told', 'NOT sent')


@pytest.mark.parametrize(
    ('parameters', 'problem'),
    [
        ({'host': '0.0.0.0'}, "set the parameter 'token'"),
        ({'token': 'short'}, '16 or more'),
        ({'world': '/no/such/world.yaml'}, '/no/such/world.yaml'),
    ],
)
def test_it_does_not_start_with_what_cannot_be_and_says_why(tmp_path, parameters, problem):
    with PipelineProcesses({'dashboard': parameters}, logs=tmp_path) as processes:
        (started,) = processes.nodes
        assert started.process.wait(PATIENCE_S) == 2
        assert problem in started.last_words()
