"""The catalogue says what it must about every model, and nothing that is not so."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from latent_studio.app.library import check_name
from latent_studio.app.model_sources import SOURCES, WebSource, family_title, read_catalog
from latent_studio.checkpoints.families import FAMILIES


def test_titles_are_those_of_the_readers() -> None:
    assert {name: family_title(name) for name in FAMILIES} == {
        name: family.title for name, family in FAMILIES.items()
    }


def test_the_field_is_covered() -> None:
    families = {source.family for source in SOURCES.values()}
    assert families == {"biggan", "dcgan", "mspie", "proggan", "stylegan", "stylegan2", "stylegan3"}


@pytest.mark.parametrize("source", read_catalog(), ids=lambda source: source.name)
def test_every_entry_is_complete(source: WebSource) -> None:
    check_name(source.name)
    assert source.family in FAMILIES
    assert source.title
    assert source.licence
    assert source.resolution in {32, 64, 128, 256, 512, 1024}
    assert urlsplit(source.url).scheme == urlsplit(source.page).scheme == "https"
    assert re.fullmatch(r"([0-9a-f]{8}|[0-9a-f]{64})?", source.sha256)


@pytest.mark.parametrize(
    "source", [one for one in read_catalog() if len(one.sha256) == 8], ids=lambda source: source.name
)
def test_the_first_digits_of_a_hash_are_those_in_the_name(source: WebSource) -> None:
    assert source.url.rpartition("-")[2].partition(".")[0] == source.sha256


def test_names_and_addresses_come_once() -> None:
    catalog = read_catalog()
    assert len({source.name for source in catalog}) == len(catalog) == len(SOURCES) - 1
    assert len({source.url for source in catalog}) == len(catalog)
