"""Where the time of a node goes: stacks of all its threads, taken at a steady rate, as files that others can draw."""
