from __future__ import annotations

import torch

from latent_studio.methods.warp.starts import independent_components, principal_components


def mixed(count: int = 4000) -> tuple[torch.Tensor, torch.Tensor]:
    """Latents that three evenly distributed causes make along oblique directions, and those directions."""
    rng = torch.Generator().manual_seed(3)
    causes = 2 * torch.rand(count, 3, generator=rng) - 1
    moves = torch.tensor([[3.0, 1, 0, 0, 0], [0, 2.0, 1.5, 0, 0], [1.0, 0, 0, 1.0, 0]])
    noise = 0.02 * torch.randn(count, 5, generator=rng)
    return causes @ moves + noise + torch.tensor([5.0, 0, 0, 0, -7]), moves


def closeness(found: torch.Tensor, moves: torch.Tensor) -> torch.Tensor:
    """For each move, the cosine of the component that is nearest to it."""
    return (found @ (moves / moves.norm(dim=1, keepdim=True)).T).abs().amax(0)


def test_independent_components_are_the_causes_where_principal_ones_mix_them() -> None:
    latents, moves = mixed()
    found = independent_components(latents, 3, torch.Generator().manual_seed(0))
    assert closeness(found, moves).min() > 0.99
    assert closeness(principal_components(latents, 3), moves).min() < 0.95


def test_components_are_unit_vectors_the_largest_move_first_and_the_same_each_time() -> None:
    latents, moves = mixed()
    found, again = (
        independent_components(latents, 3, torch.Generator().manual_seed(seed)) for seed in (0, 0)
    )
    assert torch.equal(found, again)
    assert torch.allclose(found.norm(dim=1), torch.ones(3))
    strongest = int(moves.norm(dim=1).argmax())
    assert closeness(found[:1], moves)[strongest] > 0.99


def test_another_rotation_to_begin_with_ends_at_the_same_components() -> None:
    latents, _ = mixed()
    one, other = (independent_components(latents, 3, torch.Generator().manual_seed(seed)) for seed in (1, 2))
    assert torch.allclose(one, other, atol=1e-2)


def test_no_component_is_spent_on_what_the_layers_do_not_see() -> None:
    latents, moves = mixed()
    # The strongest cause is nearly hidden from layers that look past the first two numbers.
    seen = torch.eye(5)[2:4]
    found = independent_components(latents, 2, torch.Generator().manual_seed(0), seen=seen)
    near = closeness(found, moves)
    assert near[1:].min() > 0.99
    assert closeness(principal_components(latents, 2, seen=10 * seen), moves)[0] < 0.95
