"""What holds for all tests."""

from hypothesis import settings

# The same examples in each run, and no deadlines: machines are shared, and a slow one is no bug.
settings.register_profile('repeatable', derandomize=True, deadline=None)
settings.load_profile('repeatable')
