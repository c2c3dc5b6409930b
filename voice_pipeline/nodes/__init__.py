"""The ROS 2 shells around the stages: the only folder that imports rclpy."""
