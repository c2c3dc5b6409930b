"""The web server: who may come in, the stop button, typed commands, and the page itself."""

from __future__ import annotations

import socket
import threading
from typing import Protocol

from flask import Flask, Response, redirect, request
from werkzeug.serving import WSGIRequestHandler, make_server

from voice_pipeline.dashboard.access import COOKIE, Access

MAX_COMMAND_LENGTH = 500
MAX_BODY_BYTES = 64 * 1024
COOKIE_S = 30 * 24 * 3600
_JOIN_S = 2.0

LOGIN_PAGE = """\
<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Token needed</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
</head><body style="font: 1.1rem system-ui, sans-serif; margin: 15vh auto; max-width: 24rem; padding: 0 1rem">
<h1>Token needed</h1><p>{problem}This page moves a robot. Its token is the parameter <code>token</code> of the node
dashboard.</p><form action="/login" method="post"><label>Token <input name="token" type="password" autofocus required
autocomplete="current-password"></label> <button>Open</button></form></body></html>
"""


class Robot(Protocol):
    """What the page can tell the robot; called from any thread, and returning at once."""

    def stop(self) -> bool:
        """Stop the robot; return whether anyone listens."""

    def command(self, text: str) -> bool:
        """Hand on a typed command; return whether anyone listens."""


class ServerError(RuntimeError):
    """The page cannot be served; the text says why and what to do."""


def make_flask(robot: Robot, access: Access) -> Flask:
    """Return the server's own routes; the page is added by `app.add_page`."""
    flask = Flask('voice_pipeline.dashboard', static_folder=None)
    flask.config['MAX_CONTENT_LENGTH'] = MAX_BODY_BYTES
    flask.before_request(lambda: _refusal(access))
    flask.after_request(_with_headers)

    @flask.post('/stop')
    def stop() -> Response:
        if robot.stop():
            return _done()
        return _problem(503, 'STOP was sent, but no node listens: is robot_control running?')

    @flask.post('/command')
    def command() -> Response:
        text = ' '.join(request.form.get('text', '').split())
        if not text or not text.isprintable():
            return _problem(400, 'a command is a line of text')
        if len(text) > MAX_COMMAND_LENGTH:
            return _problem(400, f'a command has at most {MAX_COMMAND_LENGTH} characters')
        if robot.command(text):
            return _done()
        return _problem(503, 'no node listens to commands: is intent_parser running?')

    @flask.post('/login')
    def login() -> Response:
        return _admit(access)

    return flask


def _refusal(access: Access) -> Response | None:
    """Return why this request is not served, None where it is."""
    if not access.is_our_host(request.host):
        return _problem(421, "this is not one of the robot's names: use its address")
    fetch_site = request.headers.get('Sec-Fetch-Site')
    is_ours = access.is_from_our_page(request.headers.get('Origin'), fetch_site, request.host)
    if request.method not in ('GET', 'HEAD') and not is_ours:
        return _problem(403, 'this came from another page')
    if not access.needs_token or request.path == '/login':
        return None
    if access.is_cookie(request.cookies.get(COOKIE, '')):
        return None
    if request.method == 'GET' and 'token' in request.args:
        return _admit(access)
    return _locked()


def _admit(access: Access) -> Response:
    """Give the cookie to who has the token, and lead on to the page, whose address does not have the token in it."""
    if not access.needs_token:
        return _see_page()
    if not access.is_token(request.values.get('token', '')):
        return _locked('That was not it. ')
    response = _see_page()
    response.set_cookie(COOKIE, access.cookie, max_age=COOKIE_S, httponly=True, samesite='Strict')
    return response


def _see_page() -> Response:
    response = redirect('/', code=303)
    assert isinstance(response, Response)
    return response


def _locked(problem: str = '') -> Response:
    return Response(LOGIN_PAGE.format(problem=problem), 401, mimetype='text/html')


def _done() -> Response:
    """Return what leaves a browser where it is, also one that sent a form without the help of a script."""
    return Response(status=204)


def _problem(status: int, text: str) -> Response:
    return Response(f'{text}\n', status, mimetype='text/plain')


def _with_headers(response: Response) -> Response:
    """Nothing from elsewhere is loaded, and nobody shows the page, and its buttons, within a page of his own."""
    response.headers.setdefault(
        'Content-Security-Policy',
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; frame-ancestors 'none'; form-action 'self'; base-uri 'none'",
    )
    response.headers.setdefault('X-Content-Type-Options', 'nosniff')
    response.headers.setdefault('Referrer-Policy', 'same-origin')
    return response


class _QuietHandler(WSGIRequestHandler):
    """An open page asks several times a second: that is nothing for the log."""

    def log_request(self, *_arguments: object) -> None:
        """Log nothing."""


class DashboardServer:
    """
    Serves until it is closed, each connection in a thread of its own: a slow update cannot hold up a stop.

    Raises `ServerError` where the address cannot be used.
    """

    def __init__(self, flask: Flask, host: str, port: int) -> None:
        # Werkzeug ends the whole program where the address cannot be used: it is given a socket that works.
        with _listen(host, port) as listening:
            self._server = make_server(
                host, port, flask, threaded=True, request_handler=_QuietHandler, fd=listening.fileno()
            )
        self.port: int = self._server.socket.getsockname()[1]
        self.url = f'http://{f"[{host}]" if ":" in host else host}:{self.port}/'
        self._thread = threading.Thread(target=self._server.serve_forever, name='dashboard', daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(_JOIN_S)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=64)
    except OSError as error:
        raise ServerError(
            f'no page at {host}, port {port}: {error.strerror or error}. Is another dashboard running? The parameters '
            'are host and port (launch argument dashboard_port)'
        ) from None
