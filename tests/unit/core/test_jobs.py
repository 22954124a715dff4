import pytest

from latent_studio.core.errors import Cancelled
from latent_studio.core.jobs import CancelToken


def test_check_passes_until_the_token_is_cancelled():
    token = CancelToken()
    token.check()
    token.cancel()
    assert token.is_cancelled
    with pytest.raises(Cancelled):
        token.check()
