"""Who may see the page and move the robot with it; the whole server, asked as browsers and attackers ask."""

import json
import socket
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
from dashboard_rig import TOKEN, NotingRobot, filled_state, update_request
from hypothesis import given
from hypothesis import strategies as st

from voice_pipeline.dashboard.access import COOKIE, Access
from voice_pipeline.dashboard.app import Surroundings, add_page
from voice_pipeline.dashboard.server import MAX_COMMAND_LENGTH, DashboardServer, ServerError, make_flask

HOST = '127.0.0.1:8050'
PATIENCE_S = 30.0
UPDATES = 12


@pytest.fixture
def robot():
    return NotingRobot()


def make_server(robot, token='', names=(), look=None):
    flask = make_flask(robot, Access(token, names))
    add_page(flask, look or filled_state().look, Surroundings(), title='voice', rate_hz=2.0)
    return flask


@pytest.fixture
def client(robot):
    return make_server(robot).test_client()


@pytest.fixture
def locked(robot):
    return make_server(robot, TOKEN).test_client()


def test_stop_and_command_reach_the_robot_and_leave_the_page_where_it_is(client, robot):
    assert client.post('/stop').status_code == 204
    assert client.post('/command', data={'text': '  go   forward two\tmeters '}).status_code == 204
    assert robot.told == ['stop', 'go forward two meters']


@pytest.mark.parametrize('text', ['', '   ', 'a\x00b', pytest.param('x' * (MAX_COMMAND_LENGTH + 1), id='too long')])
def test_what_is_no_command_is_none(client, robot, text):
    answer = client.post('/command', data={'text': text})
    assert answer.status_code == 400
    assert 'command' in answer.text
    assert robot.told == []


def test_where_nobody_listens_the_page_says_so(client, robot):
    robot.is_there = False
    for path, node in (('/stop', 'robot_control'), ('/command', 'intent_parser')):
        answer = client.post(path, data={'text': 'go'})
        assert answer.status_code == 503
        assert node in answer.text
    assert robot.told == ['stop', 'go']  # sent all the same


@pytest.mark.parametrize('path', ['/stop', '/command', '/login'])
def test_nothing_is_done_by_looking(client, robot, path):
    client.get(path)
    client.head(path)
    assert robot.told == []


@pytest.mark.parametrize(
    'host', ['evil.example', 'evil.example:8050', '127.0.0.1.evil.example', 'localhost.evil', 'a@b', '']
)
def test_a_foreign_name_for_this_machine_is_refused(client, robot, host):
    for request in (client.get, client.post):
        assert request('/stop', headers={'Host': host}).status_code in (400, 421)
    assert robot.told == []


@pytest.mark.parametrize(
    'host', ['localhost', 'localhost:9000', '127.0.0.1', '[::1]:8050', '192.168.1.20:8050', 'Orin.local']
)
def test_addresses_and_own_names_are_served(robot, host):
    client = make_server(robot, names=('orin.local',)).test_client()
    assert client.post('/stop', headers={'Host': host}).status_code == 204


@pytest.mark.parametrize(
    'headers',
    [
        {'Origin': 'http://evil.example'},
        {'Origin': 'null'},
        {'Origin': 'http://127.0.0.1:9999'},
        {'Origin': 'http://127.0.0.1:8050.evil.example'},
        {'Sec-Fetch-Site': 'cross-site'},
        {'Sec-Fetch-Site': 'same-site'},
    ],
)
@pytest.mark.parametrize('path', ['/stop', '/command', '/login', '/_dash-update-component'])
def test_what_comes_from_another_page_is_refused(client, robot, headers, path):
    answer = client.post(path, data={'text': 'go forward'}, headers={'Host': HOST, **headers})
    assert answer.status_code == 403
    assert robot.told == []


@pytest.mark.parametrize('headers', [{}, {'Origin': f'http://{HOST}'}, {'Sec-Fetch-Site': 'same-origin'}])
def test_our_own_page_and_programs_may_post(client, headers):
    assert client.post('/stop', headers={'Host': HOST, **headers}).status_code == 204


def test_without_the_token_nothing_is_shown_and_nothing_done(locked, robot):
    for path in ('/', '/_dash-layout', '/_dash-dependencies', '/assets/style.css', '/?token=wrong', '/nothing'):
        answer = locked.get(path)
        assert answer.status_code == 401
        assert 'Token needed' in answer.text
    for path in ('/stop', '/command', '/_dash-update-component', '/stop?token=' + TOKEN):
        assert locked.post(path, data={'text': 'go', 'token': TOKEN}).status_code == 401
    assert robot.told == []


@pytest.mark.parametrize(
    ('method', 'path', 'form'), [('GET', f'/?token={quote(TOKEN)}', {}), ('POST', '/login', {'token': TOKEN})]
)
def test_the_token_is_shown_once_and_the_cookie_opens_the_page_from_then_on(locked, robot, method, path, form):
    answer = locked.open(path, method=method, data=form)
    assert (answer.status_code, answer.location) == (303, '/')
    cookie = answer.headers['Set-Cookie']
    assert cookie.startswith(f'{COOKIE}=')
    assert 'HttpOnly' in cookie
    assert 'SameSite=Strict' in cookie
    assert TOKEN not in cookie
    assert locked.get('/').status_code == 200
    assert locked.post('/stop').status_code == 204
    assert robot.told == ['stop']


def test_a_wrong_token_opens_nothing(locked):
    answer = locked.post('/login', data={'token': 'not the one'})
    assert answer.status_code == 401
    assert 'Set-Cookie' not in answer.headers
    assert 'That was not it' in answer.text


def test_the_cookie_of_another_token_opens_nothing(locked):
    locked.set_cookie(COOKIE, Access('another token than this one').cookie)
    assert locked.get('/').status_code == 401


def test_every_answer_keeps_other_places_out(client):
    for path in ('/', '/assets/style.css', '/nothing'):
        policy = client.get(path).headers['Content-Security-Policy']
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy


@given(st.text(), st.text(), st.one_of(st.none(), st.text()), st.one_of(st.none(), st.text()))
def test_whatever_is_sent_is_judged_and_foreign_text_is_never_the_token(host, text, origin, site):
    access = Access(TOKEN)
    access.is_our_host(host)
    access.is_from_our_page(origin, site, host)
    assert access.is_token(text) == (text == TOKEN)
    assert not access.is_cookie(text)


def test_stop_is_served_while_every_update_hangs(robot):
    has_looked, go_on = threading.Semaphore(0), threading.Event()

    def hang():
        has_looked.release()
        assert go_on.wait(PATIENCE_S)
        return filled_state().snapshot()

    flask = make_server(robot, look=hang)
    headers = {'Content-Type': 'application/json'}
    body = json.dumps(update_request(flask.test_client())).encode()
    server = DashboardServer(flask, '127.0.0.1', 0)
    update = urllib.request.Request(f'{server.url}_dash-update-component', body, headers)
    with ThreadPoolExecutor(UPDATES) as browsers:
        try:
            updates = [browsers.submit(status_of, update) for _ in range(UPDATES)]
            for _ in updates:
                assert has_looked.acquire(timeout=PATIENCE_S)
            assert status_of(urllib.request.Request(f'{server.url}stop', b'')) == 204
            assert robot.told == ['stop']
        finally:
            go_on.set()
        assert [update.result() for update in updates] == [200] * UPDATES
    server.close()


def status_of(request):
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        answer.read()
        return answer.status


def test_a_port_that_is_taken_is_named(robot):
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServerError, match=f'port {port}.*dashboard_port'):
            DashboardServer(make_server(robot), '127.0.0.1', port)


def test_an_address_that_is_not_ours_is_named(robot):
    with pytest.raises(ServerError, match=r'192\.0\.2\.1'):
        DashboardServer(make_server(robot), '192.0.2.1', 0)
