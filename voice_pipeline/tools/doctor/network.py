"""Do messages get through, and does nobody else drive the same robot?"""

from __future__ import annotations

import os
import socket
import struct
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil

from voice_pipeline.dashboard.settings import DashboardSettings
from voice_pipeline.tools.doctor.check import Check, CheckError, Finding, Once, error, ok, skipped, warning
from voice_pipeline.tools.doctor.configuration import settings_of
from voice_pipeline.tools.doctor.isolated import ask
from voice_pipeline.tools.doctor.options import Options
from voice_pipeline.tools.doctor.records import GraphAnswer, GraphQuestion
from voice_pipeline.tools.doctor.software import origin_of
from voice_pipeline.tools.doctor.surroundings import Surroundings
from voice_pipeline.tools.parameters import NODE_SETTINGS

MULTICAST_GROUP = '239.255.0.1'  # where participants announce themselves (DDSI-RTPS 2.5, 9.6.2.4)
SETTLING_S = 2.0
_PATIENCE_S = 8.0  # discovery takes a second, on a busy small board a few
_GRAPH_LIMIT_S = 30.0
_MULTICAST_LIMIT_S = 0.5
_SLOW_MS = 10.0
_SHARED_MEMORY_MB = 32
# As ROS' installation guide says it, under "Enable multicast".
_FIREWALL = 'sudo ufw allow in proto udp to 224.0.0.0/4 && sudo ufw allow in proto udp from 224.0.0.0/4'


def checks(here: Surroundings) -> tuple[Check, ...]:
    """Return the checks of who hears whom."""
    group, options = 'Network', here.options
    ask_graph = Once(lambda: look_at_graph(options))

    def graph() -> GraphAnswer:
        if not origin_of('rclpy'):
            raise CheckError(skipped('there is no ROS 2 (see ros)'))
        return ask_graph()

    def look_at_multicast() -> Finding:
        return check_multicast(network_interfaces(), stays_here(here.environment))

    def look_at_shared_memory() -> Finding:
        return check_shared_memory(read_shared_memory(), os.getuid())

    def look_at_port() -> Finding:
        return check_dashboard_port(settings_of(here.files, 'dashboard', DashboardSettings).port)

    return (
        Check('exchange', group, 'do two programs hear each other?', lambda: check_exchange(graph), 'discovery'),
        Check('nodes', group, 'other nodes of the same names?', lambda: check_nodes(graph, options.namespace)),
        Check(
            'velocity',
            group,
            'does somebody else drive the robot?',
            lambda: check_velocity(graph, options.cmd_vel, options.namespace),
        ),
        Check('multicast', group, 'can other machines be found?', look_at_multicast, 'discovery'),
        Check('shared-memory', group, 'messages without the network?', look_at_shared_memory, 'I/O'),
        Check('dashboard-port', group, 'is the port of the dashboard free?', look_at_port),
    )


def stays_here(environment: Mapping[str, str]) -> bool:
    """Return whether discovery is told to stay on this machine."""
    return environment.get('ROS_LOCALHOST_ONLY') == '1' or (
        environment.get('ROS_AUTOMATIC_DISCOVERY_RANGE') == 'LOCALHOST'
    )


def look_at_graph(options: Options) -> GraphAnswer:
    """Return who is on the graph, and whether two processes hear each other. Raises `CheckError`."""
    question = GraphQuestion(
        namespace=f'voice_pipeline_doctor_{os.getpid()}',
        topics=(options.cmd_vel,),
        patience_s=_PATIENCE_S,
        settling_s=SETTLING_S,
    )
    return ask(
        'graph',
        question,
        GraphAnswer,
        what='no node can be started',
        advice='look at ros, ros-middleware, ros-domain, ros-profiles and disk; then try: ros2 doctor --report',
        timeout_s=_GRAPH_LIMIT_S,
    )


def check_exchange(graph: Callable[[], GraphAnswer]) -> Finding:
    """Does a message get from one process to another?"""
    answer = graph()
    if answer.heard_after_s is None or answer.transport_ms is None:
        return error(
            f'two programs on this machine did not find each other within {_PATIENCE_S:g} s',
            'look at ros-discovery, ros-profiles, multicast and shared-memory; a firewall: sudo ufw status',
        )
    found = (
        f'two programs on this machine found each other within {max(answer.heard_after_s, 0.1):.1f} s; '
        f'a transcript is on its way for {answer.transport_ms:.1f} ms'
    )
    if answer.transport_ms > _SLOW_MS:
        return warning(
            f'{found}, where 1 ms is usual',
            'the machine is busy (see load), or the middleware goes through the network: see '
            'shared-memory, ros-profiles',
        )
    return ok(found)


def check_nodes(graph: Callable[[], GraphAnswer], namespace: str) -> Finding:
    """Are there nodes that ours would be confused with?"""
    counts = Counter(graph().nodes)
    ours = {f'/{namespace.strip("/")}/{node}' for node in NODE_SETTINGS}
    twice = sorted(name for name in ours if counts[name] > 1)
    if twice:
        return error(
            f'running more than once: {", ".join(twice)}; both act on each command',
            'end one of them: pgrep -af voice_pipeline shows the processes, Ctrl-C in their terminal ends them',
        )
    running = sorted(ours & counts.keys())
    if running:
        return warning(
            f'already running: {", ".join(running)}',
            'fine while you look at that robot; end it before you start another with the same namespace and domain',
        )
    others = len(counts)
    return ok(f'no node of /{namespace.strip("/")} is running; other nodes in this domain: {others or "none"}')


def check_velocity(graph: Callable[[], GraphAnswer], cmd_vel: str, namespace: str) -> Finding:
    """Does somebody else command the same wheels?"""
    own = f'/{namespace.strip("/")}/robot_control'
    others = sorted(set(graph().publishers.get(cmd_vel, ())) - {own})
    if others:
        return warning(
            f'also publishing on {cmd_vel}: {", ".join(others)}',
            f'two senders make the robot jerk, and a stop of one does not stop the other: end it, or put twist_mux '
            f'in between and launch with cmd_vel:={cmd_vel}_voice',
        )
    return ok(f'nobody else publishes on {cmd_vel}')


@dataclass(frozen=True)
class Interface:
    """A network interface with an IPv4 address."""

    name: str
    address: str


def network_interfaces() -> list[Interface]:
    """Return the interfaces that are up and lead to other machines."""
    states = psutil.net_if_stats()
    found = []
    for name, addresses in psutil.net_if_addrs().items():
        if name in states and states[name].isup:
            ipv4 = [item.address for item in addresses if item.family == socket.AF_INET]
            found += [Interface(name, address) for address in ipv4 if not address.startswith('127.')]
    return found


def multicast_works(address: str) -> bool:
    """Return whether what is sent to DDS' multicast group on the interface of this address comes back to us."""
    try:
        with (
            closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as receiver,
            closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sender,
        ):
            interface = socket.inet_aton(address)
            receiver.bind(('', 0))  # any port: those of the domain may be in use
            membership = struct.pack('4s4s', socket.inet_aton(MULTICAST_GROUP), interface)
            receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
            receiver.settimeout(_MULTICAST_LIMIT_S)
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, interface)
            token = os.urandom(8)
            sender.sendto(token, (MULTICAST_GROUP, receiver.getsockname()[1]))
            return receiver.recv(64) == token
    except OSError:  # a time-out too
        return False


def check_multicast(
    interfaces: Sequence[Interface], is_local: bool, works: Callable[[str], bool] = multicast_works
) -> Finding:
    """Can nodes on other machines be discovered? `is_local`: it is not wanted."""
    if is_local:
        return skipped('discovery stays on this machine')
    if not interfaces:
        return warning(
            'no network is up: nodes on this machine find each other, those on other machines do not',
            'connect the network that the robot is on; where all runs here: '
            'export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST',
        )
    results = {interface: works(interface.address) for interface in interfaces}
    good = ', '.join(f'{each.name} ({each.address})' for each, is_good in results.items() if is_good)
    bad = ', '.join(f'{each.name} ({each.address})' for each, is_good in results.items() if not is_good)
    if bad:
        return warning(
            f'multicast does not work on {bad}{f"; it does on {good}" if good else ""}: '
            'nodes on machines there are not found',
            f'open the firewall ({_FIREWALL}), or use a discovery server (ROS_DISCOVERY_SERVER)',
        )
    return ok(
        f'multicast works on {good}; whether your Wi-Fi passes it on, "ros2 multicast receive" here and '
        '"ros2 multicast send" on the other machine show'
    )


@dataclass(frozen=True)
class SharedMemory:
    """Where processes exchange large messages: its free space, and whose files of the middleware lie there."""

    free_mb: float
    owners: frozenset[int]


def read_shared_memory(folder: Path = Path('/dev/shm')) -> SharedMemory | None:
    """Return the state of the folder of shared memory; None where there is none that we may write to."""
    if not os.access(folder, os.W_OK):
        return None
    space = os.statvfs(folder)
    owners = set()
    for file in (*folder.glob('fastrtps_*'), *folder.glob('sem.fastrtps_*'), *folder.glob('fastdds_*')):
        try:
            owners.add(file.stat().st_uid)
        except FileNotFoundError:  # its process has just ended
            continue
    return SharedMemory(space.f_bavail * space.f_frsize / 2**20, frozenset(owners))


def check_shared_memory(memory: SharedMemory | None, user: int) -> Finding:
    """Can processes exchange messages without the network?"""
    if memory is None:
        return warning(
            '/dev/shm cannot be written to: messages go through the network, which costs time',
            'sudo chmod 1777 /dev/shm; in a container: docker run --ipc=host',
        )
    strangers = memory.owners - {user}
    if strangers:
        return warning(
            'in /dev/shm lie files of the middleware that belong to another user: nodes of different users lose '
            'each other without a word',
            'run all nodes as one user; when none is running: sudo rm /dev/shm/*fastrtps_* /dev/shm/fastdds_*',
        )
    if memory.free_mb < _SHARED_MEMORY_MB:
        return warning(
            f'/dev/shm has {memory.free_mb:.0f} MB left: messages go through the network, which costs time',
            'when no node is running: rm /dev/shm/*fastrtps_* /dev/shm/fastdds_*; in a container: '
            'docker run --shm-size=256m',
        )
    return ok(f'/dev/shm has {memory.free_mb:.0f} MB free')


def is_port_free(port: int) -> bool:
    """Return whether a TCP server can be started on this port of 127.0.0.1."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(('127.0.0.1', port))
        except OSError:
            return False
    return True


def check_dashboard_port(port: int, is_free: Callable[[int], bool] = is_port_free) -> Finding:
    """Can the dashboard be served?"""
    if port == 0:
        return ok('any port that is free, see the log of the dashboard')
    if is_free(port):
        return ok(f'port {port} is free')
    return warning(
        f'port {port} is taken: by a dashboard that runs already, or by another program',
        f'see who has it: ss -ltnp "sport = :{port}"; or set port in dashboard.yaml',
    )
