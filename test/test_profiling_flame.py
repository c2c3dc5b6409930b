"""A profile as a picture."""

import re
from xml.etree import ElementTree

import pytest

from voice_pipeline.profiling.files import write_profile
from voice_pipeline.profiling.flame import flame_page, flame_svg
from voice_pipeline.profiling.stacks import WAITING, Call, Profile
from voice_pipeline.tools import flame

RUN, HEAR, PLAN = Call('run'), Call('hear', '/x/voice_pipeline/a.py', 5), Call('plan<T> & "more"', '/x/b.py', 9)
STACKS = {(RUN, HEAR): 3.0, (RUN, PLAN): 1.0}
PROFILE = Profile('listener', {'model': STACKS, 'main': {WAITING: 4.0}})


def blocks(svg):
    """Return each block by its title: left edge, top, width."""
    root = ElementTree.fromstring(svg)
    rects = [element for element in root.iter() if element.tag.endswith('rect')]
    return {rect[0].text: tuple(float(rect.get(key)) for key in ('x', 'y', 'width')) for rect in rects}


def test_width_is_time_and_calls_stand_below_their_callers():
    drawn = blocks(flame_svg(STACKS))
    everything, run = drawn['all: 4.000 s, 100.0 %'], drawn['run: 4.000 s, 100.0 %']
    hear, plan = drawn['hear (a.py:5): 3.000 s, 75.0 %'], drawn['plan<T> & "more" (b.py:9): 1.000 s, 25.0 %']

    assert len(drawn) == 4
    assert everything[1] < run[1] < hear[1]
    assert hear[1] == plan[1]
    assert hear[2] == pytest.approx(3 * plan[2])
    assert plan[0] == pytest.approx(hear[0] + hear[2])


def test_what_is_too_narrow_to_be_seen_is_left_out():
    assert len(blocks(flame_svg({(Call('long'),): 10_000.0, (Call('short'),): 1.0}))) == 2


def test_no_time_at_all_is_a_picture_too():
    assert blocks(flame_svg({})) == {}


def test_a_stack_may_be_as_deep_as_it_likes():
    svg = flame_svg({tuple(Call(f'f{depth}') for depth in range(5000)): 1.0})
    assert len(blocks(svg)) == 5001


def test_a_function_has_the_same_colour_in_every_picture():
    def colour(svg):
        return re.search(r'fill="([^"]+)"><title>hear', svg)[1]

    assert colour(flame_svg(STACKS)) == colour(flame_svg({(HEAR,): 1.0}))


def test_a_page_needs_nothing_else_and_says_how_busy_a_node_was():
    page = flame_page([PROFILE, Profile('<idle>', {})])
    assert '4.00 s at work, 100 % of 4.0 s' in page
    assert '&lt;idle&gt;' in page
    assert not re.search(r'(src|href)=', page)


def draw(*words):
    import argparse

    parser = argparse.ArgumentParser()
    flame.add_arguments(parser)
    return flame.main(parser.parse_args([str(word) for word in words]))


def test_the_command_draws_files_and_folders(tmp_path, capsys):
    first, prof = write_profile(PROFILE, tmp_path)
    page = tmp_path / 'new' / 'flame.html'

    assert draw(tmp_path, first, '--out', page) == 0
    assert page.read_text().count('<svg') == 2
    assert capsys.readouterr().out == f'{page}\n'

    assert draw(prof, '--out', page) == 1
    assert 'a .prof has no stacks' in capsys.readouterr().err
    assert draw(tmp_path / 'nowhere.json') == 1
    assert 'nowhere.json' in capsys.readouterr().err
    (tmp_path / 'empty').mkdir()
    assert draw(tmp_path / 'empty') == 1
    assert 'start nodes with the parameter profile' in capsys.readouterr().err
