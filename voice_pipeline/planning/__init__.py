"""From steps to a bounded, committed plan."""
