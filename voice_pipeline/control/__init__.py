"""From a committed plan to motion."""
