"""How a finding of the doctor is held against what it should say."""


def says(finding, level, *words):
    """Hold that the finding has the level and the words, and that what is wrong comes with advice."""
    assert finding.level == level, finding
    for word in words:
        assert word in f'{finding.found} {finding.advice}'
    assert bool(finding.advice) == (level in ('warning', 'error'))
