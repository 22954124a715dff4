# Every task in one word. The work is done by the scripts of the same name.
# ARGS goes on to the program or to pytest: make test ARGS="tests/unit/core -k history".
ARGS ?=

.PHONY: help run test e2e check bench venv clean distclean

help: ## this list
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: venv ## open the program on the bundled model (without a display: render a demo picture and GIF)
	@scripts/run $(ARGS)

test: venv ## the quick tests, without a screen
	@scripts/test $(ARGS)

e2e: venv ## the slow tests and the real program, on a virtual screen
	@scripts/e2e $(ARGS)

check: venv ## format, lint, types, import contracts, changelog, links, file sizes
	@scripts/check

bench: venv ## the benchmarks, one by one
	@scripts/bench $(ARGS)

venv: ## the Python environment, in LATENT_STUDIO_VENV or .venv
	@scripts/venv

clean: ## remove what builds and tests left behind
	@scripts/clean

distclean: clean ## and the Python environment
	@scripts/venv --remove
