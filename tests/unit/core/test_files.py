import pytest

from latent_studio.core.files import replacing


def test_the_file_appears_whole(tmp_path):
    with replacing(tmp_path / "new" / "file.bin") as file:
        file.write(b"abc")
        assert not (tmp_path / "new" / "file.bin").exists()
    assert (tmp_path / "new" / "file.bin").read_bytes() == b"abc"


def test_an_error_leaves_the_old_file_and_nothing_beside(tmp_path):
    path = tmp_path / "file.bin"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError), replacing(path) as file:
        file.write(b"half")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
