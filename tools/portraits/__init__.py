"""How the bundled portrait model is made: renderer, sampler, trainer, evaluation and export."""
