"""
Who may see the page and press its buttons.

The page moves a robot, so three things are checked of every request: that it is addressed to this machine by a name
that no stranger can choose (DNS rebinding: a foreign name that leads to 127.0.0.1), that what changes something comes
from our own page (cross-site request forgery), and, where a token is set, that the browser has shown it once.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

COOKIE = 'voice_pipeline_dashboard'


class Access:
    """Decides about requests; `names` are this machine's names besides its addresses and localhost."""

    def __init__(self, token: str = '', names: Iterable[str] = ()) -> None:
        self._token = token.encode()
        self._names = {'localhost', *(name.lower() for name in names)}
        # The cookie is not the token: who reads the cookie cannot open the page of another robot with it.
        self.cookie = hmac.new(self._token, COOKIE.encode(), hashlib.sha256).hexdigest()

    @property
    def needs_token(self) -> bool:
        """Whether the page is locked."""
        return bool(self._token)

    def is_our_host(self, host: str) -> bool:
        """
        Return whether the `Host` of a request is ours.

        An address is: the attack needs a name, which the attacker's own name server leads here.
        """
        name = _host_name(host)
        if name is None:
            return False
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name in self._names
        return True

    def is_from_our_page(self, origin: str | None, fetch_site: str | None, host: str) -> bool:
        """
        Return whether a request that changes something comes from our page, by its `Origin` and `Sec-Fetch-Site`.

        Browsers send at least one of them; a program like curl, which no foreign page can use, neither.
        """
        if origin is not None:
            return origin.lower() in (f'http://{host.lower()}', f'https://{host.lower()}')
        return fetch_site in (None, 'same-origin', 'none')

    def is_token(self, token: str) -> bool:
        """Return whether this is the token, in a time that says nothing about it."""
        return hmac.compare_digest(token.encode(errors='surrogatepass'), self._token)

    def is_cookie(self, cookie: str) -> bool:
        """Return whether the browser has shown the token before."""
        return hmac.compare_digest(cookie.encode(errors='surrogatepass'), self.cookie.encode())


def machine_names(host: str) -> set[str]:
    """Return the names that lead to this machine: its own, the one that mDNS gives it, and the one it listens on."""
    own = socket.gethostname()
    return {own, f'{own.partition(".")[0]}.local', host}


def _host_name(host: str) -> str | None:
    """Return the name in a `Host` header, without the port; None where it is not well-formed."""
    try:
        parts = urlsplit(f'//{host}')
        _ = parts.port  # raises where it is no number
    except ValueError:
        return None
    return parts.hostname if parts.netloc == host and '@' not in host else None
