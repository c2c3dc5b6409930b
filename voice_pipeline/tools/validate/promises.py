"""
What is promised beside `config/budgets.yaml`, which says what a running pipeline is watched for.

These can only be seen where a stage is given more to do than one person's speech, or is watched from outside.
"""

from __future__ import annotations

INTENTS_HZ = 25.0  # that the understanding can make
PLANS_HZ = 20.0  # that the planning can make
OFFERED_TO_BUDGET = 2.0  # how much faster than that they are fed
GRAMMAR_P95_MS = 5.0  # for an intent that the grammar makes
STREAMS = ('first', 'second', 'third')  # that one recogniser hears at once
VOICE_TO_STOP_P95_MS = 200.0  # from the last voiced sample behind the word to zero velocity
OTHER_LOAD_PERCENT = 10.0  # of the machine, by other programs, above which the figures are doubtful
