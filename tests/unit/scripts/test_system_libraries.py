from __future__ import annotations

import pytest
import system_libraries


def test_each_missing_library_is_named_by_its_package():
    missing = system_libraries.missing_packages(finds=lambda library: "xcb-icccm" not in library)

    assert "libxcb-icccm4" in missing
    assert "libxcb-keysyms1" not in missing


def test_a_library_that_cannot_be_loaded_is_missing():
    assert not system_libraries.can_load("liblatent-studio-has-no-such-library.so.1")
    assert system_libraries.can_load("libc.so.6")


def test_what_may_not_be_installed_is_named_with_its_command(monkeypatch, capsys):
    monkeypatch.setenv("LATENT_STUDIO_NO_APT", "1")
    monkeypatch.setattr(system_libraries, "missing_packages", lambda: ["libegl1", "xvfb"])

    system_libraries.install_missing()

    assert "apt-get install --no-install-recommends libegl1 xvfb" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("root", "sudo", "expected"), [(True, False, "env"), (False, True, "sudo"), (False, False, None)]
)
def test_rights_decide_who_installs(monkeypatch, root, sudo, expected):
    monkeypatch.setattr(system_libraries.os, "geteuid", lambda: 0 if root else 1000)
    monkeypatch.setattr(system_libraries.shutil, "which", lambda name: f"/usr/bin/{name}")
    calls = []

    def succeeds(command):
        calls.append(command)
        return command != ["sudo", "-n", "true"] or sudo

    monkeypatch.setattr(system_libraries, "_succeeds", succeeds)

    assert system_libraries.install(["libegl1"]) is (expected is not None)
    if expected is not None:
        assert calls[-1][0] == expected
        assert calls[-1][-1] == "libegl1"


def test_stale_package_lists_are_fetched_and_the_installation_repeated(monkeypatch):
    monkeypatch.setattr(system_libraries, "_apt_get", lambda: ["apt-get"])
    calls = []

    def succeeds(command):
        calls.append(command[1])
        return calls != ["install"]

    monkeypatch.setattr(system_libraries, "_succeeds", succeeds)

    assert system_libraries.install(["libegl1"])
    assert calls == ["install", "update", "install"]
