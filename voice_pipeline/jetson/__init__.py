"""
Sets a Jetson up for speech: power mode, clocks, governor, swapping, real-time rights.

Each is a `Tuning` (tuning.py) that reads what is, and knows what should be; `setup.py` gives all of them the same
verbs: read, plan, apply, verify, undo. What was there before is kept in a file until it is undone (saved.py). The
machine is reached through a `Host` (host.py) only: a root folder, a way to run commands, and whether we are root.
"""
