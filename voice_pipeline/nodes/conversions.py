"""Between the pipeline's records and ROS messages, in pairs."""

from __future__ import annotations

import array
import math

import numpy as np
from geometry_msgs.msg import Quaternion, Twist, TwistStamped
from nav_msgs.msg import Odometry as OdometryMessage
from std_msgs.msg import Int16MultiArray, MultiArrayDimension, MultiArrayLayout

from voice_pipeline.audio.frames import SAMPLE_RATE_HZ, Frame
from voice_pipeline.control.motion import Odometry, Velocity

NANOSECONDS_PER_SECOND = 1_000_000_000
MAX_FRAME_SAMPLES = SAMPLE_RATE_HZ  # one second; what is longer is no frame


class AlienMessageError(ValueError):
    """A message of the right ROS type that is not what the topic carries; the text says what is wrong."""


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


def odometry_to_message(odometry: Odometry, stamp_ns: int) -> OdometryMessage:
    """Return the odometry in the frames `odom` and `base_link` (REP-105), measured at `stamp_ns`."""
    message = OdometryMessage()
    message.header.frame_id = 'odom'
    message.child_frame_id = 'base_link'
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, NANOSECONDS_PER_SECOND)
    message.pose.pose.position.x = odometry.x_m
    message.pose.pose.position.y = odometry.y_m
    half = odometry.yaw_rad / 2
    message.pose.pose.orientation = Quaternion(x=0.0, y=0.0, z=math.sin(half), w=math.cos(half))
    message.twist.twist = velocity_to_twist(odometry.velocity)
    return message


def odometry_from_message(message: OdometryMessage) -> Odometry:
    """Return the planar pose and velocity; yaw from the quaternion, in [-π, π]."""
    position, q = message.pose.pose.position, message.pose.pose.orientation
    yaw_rad = math.atan2(2 * (q.w * q.z + q.x * q.y), 1 - 2 * (q.y * q.y + q.z * q.z))
    stamp = message.header.stamp
    return Odometry(
        x_m=position.x,
        y_m=position.y,
        yaw_rad=yaw_rad,
        stamp_ns=stamp.sec * NANOSECONDS_PER_SECOND + stamp.nanosec,
        velocity=velocity_from_twist(message.twist.twist),
    )
