import json

from latent_studio.app.paths import Paths
from latent_studio.app.recents import Recent, load_recents, remember_recent


def make(folder, name):
    path = folder / f"{name}.safetensors"
    path.write_bytes(b"x")
    return Recent(name, path)


def test_the_newest_comes_first_and_no_model_twice(tmp_path):
    paths = Paths.in_profile(tmp_path / "profile")
    a, b = make(tmp_path, "a"), make(tmp_path, "b")
    for recent in (a, b, a):
        remember_recent(recent, paths)
    assert load_recents(paths) == (a, b)


def test_models_that_are_gone_are_left_out(tmp_path):
    paths = Paths.in_profile(tmp_path / "profile")
    a = make(tmp_path, "a")
    remember_recent(a, paths)
    a.path.unlink()
    assert load_recents(paths) == ()


def test_a_damaged_list_is_empty(tmp_path):
    paths = Paths.in_profile(tmp_path)
    paths.data.mkdir(parents=True)
    (paths.data / "recents.json").write_text('[{"name": 1}]')
    assert load_recents(paths) == ()


def test_the_hash_is_remembered_and_older_lists_have_none(tmp_path):
    paths = Paths.in_profile(tmp_path / "profile")
    a = make(tmp_path, "a")
    remember_recent(Recent(a.name, a.path, "abc"), paths)
    assert load_recents(paths)[0].sha256 == "abc"
    (paths.data / "recents.json").write_text(json.dumps([{"name": "a", "path": str(a.path)}]))
    assert load_recents(paths) == (a,)
