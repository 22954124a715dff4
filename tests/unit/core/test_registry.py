import pytest

from latent_studio.core.registry import Registry


def test_a_dotted_name_is_imported_on_first_use():
    registry = Registry("codec")
    registry.register("b64", "base64:b64encode")
    assert registry.get("b64")(b"a") == b"YQ=="


def test_an_id_can_be_taken_once_and_given_back():
    registry = Registry("codec")
    unregister = registry.register("a", 1)
    with pytest.raises(ValueError, match="registered already"):
        registry.register("a", 2)
    unregister()
    registry.register("a", 3)
    assert registry.get("a") == 3


def test_an_unknown_id_is_answered_with_the_known_ones():
    registry = Registry("exporter")
    registry.register("gif", 1)
    with pytest.raises(KeyError, match="gif"):
        registry.get("mp5")
