"""Between the pipeline's records and ROS messages, in pairs."""

from __future__ import annotations

import array
import math
from importlib import import_module
from typing import Any

import numpy as np
from geometry_msgs.msg import Quaternion, Twist, TwistStamped
from nav_msgs.msg import Odometry as OdometryMessage
from rclpy.exceptions import NoTypeSupportImportedException
from rclpy.type_support import check_for_type_support
from rosidl_generator_py.import_type_support_impl import UnsupportedTypeSupport
from std_msgs.msg import Int16MultiArray, MultiArrayDimension, MultiArrayLayout

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ, Frame
from voice_pipeline.control.motion import Odometry, Velocity
from voice_pipeline.control.obstacles import Scan

NANOSECONDS_PER_SECOND = 1_000_000_000
MAX_FRAME_SAMPLES = SAMPLE_RATE_HZ  # one second; what is longer is no frame
MAX_SCAN_BEAMS = 100_000


class AlienMessageError(ValueError):
    """A message of the right ROS type that is not what the topic carries; the text says what is wrong."""


def installed_type(module: str, name: str) -> Any | None:
    """Return a ROS type of a package that need not be installed, None where it, or its compiled half, is missing."""
    try:
        kind = getattr(import_module(module), name)
        check_for_type_support(kind)
    except (ImportError, NoTypeSupportImportedException, UnsupportedTypeSupport):
        return None
    return kind


def audio_to_message(frame: Frame) -> Int16MultiArray:
    """Return the frame as a message whose dimensions say what it is: `sample`, `rate`, `sequence`, `stamp`."""
    seconds, nanoseconds = divmod(frame.stamp_ns, NANOSECONDS_PER_SECOND)
    dimensions = [
        MultiArrayDimension(label='sample', size=len(frame.samples), stride=1),
        MultiArrayDimension(label='rate', size=SAMPLE_RATE_HZ),
        MultiArrayDimension(label='sequence', size=frame.sequence % 2**32),
        MultiArrayDimension(label='stamp', size=seconds, stride=nanoseconds),
    ]
    message = Int16MultiArray(layout=MultiArrayLayout(dim=dimensions))
    # An array, not a list: rclpy (Humble above all) checks a list element by element.
    message.data = array.array('h', frame.samples.tobytes())
    return message


def audio_from_message(message: Int16MultiArray) -> Frame:
    """Return the frame that the message holds. Raises `AlienMessageError`."""
    dimensions = {dimension.label: dimension for dimension in message.layout.dim}
    missing = {'sample', 'rate', 'sequence', 'stamp'} - dimensions.keys()
    if missing:
        raise AlienMessageError(f'audio without the dimension {", ".join(sorted(missing))}')
    if dimensions['rate'].size != SAMPLE_RATE_HZ:
        raise AlienMessageError(f'audio at {dimensions["rate"].size} Hz: publish it at {SAMPLE_RATE_HZ} Hz mono')
    samples = np.frombuffer(message.data, dtype=np.int16)
    if len(samples) != dimensions['sample'].size or not 0 < len(samples) <= MAX_FRAME_SAMPLES:
        raise AlienMessageError(f'audio of {len(samples)} samples that says it has {dimensions["sample"].size}')
    stamp = dimensions['stamp']
    stamp_ns = stamp.size * NANOSECONDS_PER_SECOND + stamp.stride
    return Frame(samples=samples, sequence=dimensions['sequence'].size, stamp_ns=stamp_ns)


def velocity_to_twist(velocity: Velocity) -> Twist:
    """Return the velocity as a Twist in the robot's frame (REP-103)."""
    twist = Twist()
    twist.linear.x = velocity.linear_mps
    twist.linear.y = velocity.lateral_mps
    twist.angular.z = velocity.angular_rps
    return twist


def velocity_from_twist(message: Twist | TwistStamped) -> Velocity:
    """Return the planar part of a Twist or TwistStamped."""
    twist = message.twist if isinstance(message, TwistStamped) else message
    return Velocity(linear_mps=twist.linear.x, lateral_mps=twist.linear.y, angular_rps=twist.angular.z)


def yaw_to_quaternion(yaw_rad: float) -> Quaternion:
    """Return the heading in the plane as a quaternion."""
    return Quaternion(x=0.0, y=0.0, z=math.sin(yaw_rad / 2), w=math.cos(yaw_rad / 2))


def odometry_to_message(odometry: Odometry, stamp_ns: int) -> OdometryMessage:
    """Return the odometry in the frames `odom` and `base_link` (REP-105), measured at `stamp_ns`."""
    message = OdometryMessage()
    message.header.frame_id = 'odom'
    message.child_frame_id = 'base_link'
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, NANOSECONDS_PER_SECOND)
    message.pose.pose.position.x = odometry.x_m
    message.pose.pose.position.y = odometry.y_m
    message.pose.pose.orientation = yaw_to_quaternion(odometry.yaw_rad)
    message.twist.twist = velocity_to_twist(odometry.velocity)
    return message


def odometry_from_message(message: OdometryMessage) -> Odometry:
    """Return the planar pose and velocity; yaw from the quaternion, in [-π, π]."""
    position, q = message.pose.pose.position, message.pose.pose.orientation
    yaw_rad = math.atan2(2 * (q.w * q.z + q.x * q.y), 1 - 2 * (q.y * q.y + q.z * q.z))
    return Odometry(
        x_m=position.x,
        y_m=position.y,
        yaw_rad=yaw_rad,
        stamp_ns=_stamp_ns(message),
        velocity=velocity_from_twist(message.twist.twist),
    )


def scan_from_message(message: Any) -> Scan:
    """
    Return the scan that a `sensor_msgs/LaserScan` holds. Raises `AlienMessageError`.

    The message is not typed: its package may not be installed.
    """
    limits = (message.angle_min, message.angle_increment, message.range_min, message.range_max)
    is_in_order = 0.0 <= message.range_min < message.range_max and message.angle_increment != 0.0
    if not all(map(math.isfinite, limits)) or not is_in_order:
        raise AlienMessageError('a laser scan whose angles and limits are not numbers in order')
    if not 0 < len(message.ranges) <= MAX_SCAN_BEAMS:
        raise AlienMessageError(f'a laser scan of {len(message.ranges)} beams')
    return Scan(
        first_rad=message.angle_min,
        step_rad=message.angle_increment,
        nearest_m=message.range_min,
        furthest_m=message.range_max,
        ranges_m=np.array(message.ranges, dtype=np.float64),
        stamp_ns=_stamp_ns(message),
    )


def _stamp_ns(message: Any) -> int:
    stamp: int = message.header.stamp.sec * NANOSECONDS_PER_SECOND + message.header.stamp.nanosec
    return stamp
