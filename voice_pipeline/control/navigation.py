"""
Nav2, which drives to places as an errand: `nav2_msgs/NavigateToPose` behind the interface of an action client.

The protocols are what `rclpy.action` has, so that this runs, and is tested, where neither ROS nor Nav2 is installed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from voice_pipeline.control.errands import Answer, Navigation

# action_msgs/GoalStatus
SUCCEEDED, CANCELED, ABORTED = 4, 5, 6
REASONS = {CANCELED: 'the navigation was cancelled', ABORTED: 'Nav2 found no way there'}


class Future(Protocol):
    """What is known later."""

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        """Call back with this future once it is known."""

    def result(self) -> Any:
        """Return what is known."""


class GoalHandle(Protocol):
    """A goal that the action server has answered to."""

    accepted: bool

    def cancel_goal_async(self) -> Future:
        """Ask the server to leave off."""

    def get_result_async(self) -> Future:
        """Return what will hold the end: its `status`, and its `result`."""


class ActionClient(Protocol):
    """A client of the action."""

    def server_is_ready(self) -> bool:
        """Say whether there is a server."""

    def send_goal_async(self, goal: Any, feedback_callback: Callable[[Any], None]) -> Future:
        """Ask for a goal; returns what will hold its handle."""


class Nav2:
    """
    Hands ways to places over to Nav2.

    `make_goal` makes the action's goal; `report` is called with the errand and how far it is.
    """

    def __init__(
        self,
        client: ActionClient,
        make_goal: Callable[[Navigation], Any],
        report: Callable[[str, Answer], None],
    ) -> None:
        self._client = client
        self._make_goal = make_goal
        self._report = report
        self._journeys: dict[str, _Journey] = {}

    def is_there(self) -> bool:
        """Say whether its action server is running."""
        return self._client.server_is_ready()

    def ask(self, request: Navigation) -> None:
        """Have the robot driven to a pose or, where the request has none, no longer."""
        errand_id = request.errand_id
        if request.goal is None:
            if errand_id in self._journeys:
                self._journeys[errand_id].leave()
            return
        journey = self._journeys[errand_id] = _Journey(lambda answer: self._on_answer(errand_id, answer))
        future = self._client.send_goal_async(self._make_goal(request), feedback_callback=journey.on_feedback)
        future.add_done_callback(journey.on_answered)

    def _on_answer(self, errand_id: str, answer: Answer) -> None:
        if answer.state != 'running':
            self._journeys.pop(errand_id, None)
        self._report(errand_id, answer)


class _Journey:
    """One way, from the request to the result. Who leaves before the goal was accepted, leaves then."""

    def __init__(self, report: Callable[[Answer], None]) -> None:
        self._report = report
        self._handle: GoalHandle | None = None
        self._is_unwanted = False
        self._longest_m = 0.0

    def on_answered(self, future: Future) -> None:
        handle: GoalHandle = future.result()
        if not handle.accepted:
            self._report(Answer('failed', reason='Nav2 does not take the goal'))
            return
        self._handle = handle
        self._report(Answer('running'))
        handle.get_result_async().add_done_callback(self._on_result)
        if self._is_unwanted:
            handle.cancel_goal_async()

    def on_feedback(self, message: Any) -> None:
        left_m = float(message.feedback.distance_remaining)  # 0 until there is a path
        self._longest_m = max(self._longest_m, left_m)
        share = 1.0 - left_m / self._longest_m if self._longest_m > 0.0 else 0.0
        self._report(Answer('running', share))

    def leave(self) -> None:
        self._is_unwanted = True
        if self._handle is not None:
            self._handle.cancel_goal_async()

    def _on_result(self, future: Future) -> None:
        status = future.result().status
        if status == SUCCEEDED:
            self._report(Answer('done', 1.0))
        else:
            self._report(Answer('failed', reason=REASONS.get(status, 'Nav2 gave up')))
