"""Where the files are that come with the package."""

import pytest

from voice_pipeline.paths import config_file, resource_file


@pytest.mark.parametrize(('find', 'name'), [(config_file, 'robot.yaml'), (resource_file, 'demo.flac')])
def test_what_comes_with_the_package_is_found(find, name):
    path = find(name)
    assert path.is_file()
    assert path.name == name


@pytest.mark.parametrize(('find', 'folder'), [(config_file, 'config'), (resource_file, 'resource')])
def test_what_is_not_installed_is_named_with_the_places_looked_at(find, folder):
    with pytest.raises(FileNotFoundError, match=f'no.such.file is not installed .*/{folder}/no.such.file'):
        find('no.such.file')


@pytest.mark.parametrize(('find', 'folder'), [(config_file, 'config'), (resource_file, 'resource')])
def test_an_installed_package_has_its_files_in_share(tmp_path, monkeypatch, find, folder):
    installed = tmp_path / 'lib' / 'python3' / 'site-packages' / 'voice_pipeline' / 'paths.py'
    monkeypatch.setattr('voice_pipeline.paths.__file__', str(installed))
    file = tmp_path / 'share' / 'voice_pipeline' / folder / 'a.yaml'
    file.parent.mkdir(parents=True)
    file.touch()
    assert find('a.yaml') == file
