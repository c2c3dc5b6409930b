"""What the monitor and the stages write → a web page; its buttons → `command`, `stop`."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nav_msgs.msg import Odometry as OdometryMessage
from rclpy.qos import qos_profile_sensor_data
from rclpy.serialization import deserialize_message
from rclpy.subscription import Subscription
from std_msgs.msg import Empty, String

from voice_pipeline import topics
from voice_pipeline.control.obstacles import obstacle_points, to_world
from voice_pipeline.control.settings import ControlSettings
from voice_pipeline.dashboard.settings import DashboardSettings
from voice_pipeline.dashboard.state import DashboardState
from voice_pipeline.messages import Execution, MalformedMessageError
from voice_pipeline.monitoring.report import decode_report
from voice_pipeline.monitoring.utterances import decode_utterance
from voice_pipeline.nodes.base import MESSAGE_QOS, PipelineNode, StartError, run
from voice_pipeline.nodes.conversions import AlienMessageError, odometry_from_message, scan_from_message
from voice_pipeline.simulation.world import WorldError, load_world
from voice_pipeline.understanding.words.vocabulary import VocabularyError, load_vocabulary

if TYPE_CHECKING:
    from voice_pipeline.dashboard.server import DashboardServer

WATCH_PERIOD_S = 1.0
ODOMETRY_PERIOD_S = 0.1


class Dashboard(PipelineNode[DashboardSettings]):
    """Listens like the monitor; the pipeline does not know that it is there, until somebody presses a button."""

    def __init__(self) -> None:
        super().__init__('dashboard', DashboardSettings)
        self._state = DashboardState()
        self._scan: Subscription | None = None
        self._next_odometry_s = 0.0
        self._stop = self.create_publisher(Empty, topics.STOP, MESSAGE_QOS)
        self._command = self.create_publisher(String, topics.COMMAND, MESSAGE_QOS)
        self._listen()
        self._server = self._serve()
        self.report_ready(self._server.url)

    def stop(self) -> bool:
        """Stop the robot, from any thread; return whether anyone listens."""
        self._stop.publish(Empty())
        return self._stop.get_subscription_count() > 0

    def command(self, text: str) -> bool:
        """Hand on a typed command, from any thread; return whether anyone listens."""
        self._command.publish(String(data=text))
        return self._command.get_subscription_count() > 0

    def close(self) -> None:
        """Take the page down."""
        self._server.close()

    def _serve(self) -> DashboardServer:
        try:
            from voice_pipeline.dashboard.app import Surroundings, add_page
            from voice_pipeline.dashboard.server import DashboardServer, ServerError, make_flask
        except ImportError as error:
            raise StartError(f'{error}: the dashboard needs Dash ("pip install dash")') from None
        from voice_pipeline.dashboard.access import Access, machine_names

        settings = self.settings
        try:
            world, places = load_world(settings.world), load_vocabulary(settings.vocabulary).places
            flask = make_flask(self, Access(settings.token, machine_names(settings.host)))
            title = f'{self.get_namespace().strip("/") or "robot"} on {platform.node()}'
            add_page(flask, self._state.look, Surroundings(world, places), title=title, rate_hz=settings.rate_hz)
            return DashboardServer(flask, settings.host, settings.port)
        except (WorldError, VocabularyError, ServerError) as error:
            raise StartError(str(error)) from None

    def _listen(self) -> None:
        state = self._state
        self.create_subscription(String, topics.SAY, lambda message: state.on_say(message.data), MESSAGE_QOS)
        self._on_document(topics.REPORT, lambda text: state.on_report(decode_report(text)))
        self._on_document(topics.UTTERANCE, lambda text: state.on_utterance(decode_utterance(text)))
        self.on_message(Execution, topics.EXECUTION, lambda execution, _: state.on_execution(execution))
        self.create_subscription(OdometryMessage, topics.ODOM, self._on_odometry, qos_profile_sensor_data, raw=True)
        self.create_steady_timer(WATCH_PERIOD_S, self._listen_to_scan)

    def _on_document(self, topic: str, take: Callable[[str], None]) -> None:
        """Call for each message; count those that are no such document, and log the first."""

        def receive(message: String) -> None:
            try:
                take(message.data)
            except MalformedMessageError as error:
                self.reject(topic, str(error))

        self.create_subscription(String, topic, receive, MESSAGE_QOS)

    def _on_odometry(self, serialized: bytes) -> None:
        """Read one pose in a while: most of what a robot says fifty times a second is not worth being read here."""
        now_s = time.monotonic()
        if now_s >= self._next_odometry_s:
            self._next_odometry_s = now_s + ODOMETRY_PERIOD_S
            self._state.on_odometry(odometry_from_message(deserialize_message(serialized, OdometryMessage)))

    def _listen_to_scan(self) -> None:
        """Take the laser scans, which are the most data of all, only while somebody looks."""
        if not self._state.is_watched():
            if self._scan is not None:
                self.destroy_subscription(self._scan)
                self._scan = None
        elif self._scan is None:
            try:
                from sensor_msgs.msg import LaserScan
            except ImportError:
                return  # a map without obstacles
            self._scan = self.create_subscription(LaserScan, topics.SCAN, self._on_scan, qos_profile_sensor_data)

    def _on_scan(self, message: Any) -> None:
        robot = self._state.snapshot().robot
        try:
            points = obstacle_points(scan_from_message(message), ControlSettings())
        except AlienMessageError as error:
            self.reject(topics.SCAN, str(error))
            return
        if robot is not None:
            self._state.on_obstacles(None if points is None else to_world(points, robot))


def main() -> int:
    """Run the node."""
    return run(Dashboard)


if __name__ == '__main__':
    sys.exit(main())
