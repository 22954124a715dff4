# shellcheck shell=bash
# Sourced by the other scripts: where the checkout and its Python are. Leaves the caller in the checkout.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=$(realpath -ms "${LATENT_STUDIO_VENV:-$root/.venv}")
python=$venv/bin/python
if [ ! -x "$python" ]; then
  echo "There is no Python environment at $venv: run \`make venv\` first." >&2
  exit 2
fi
# Several checkouts may share one environment: each sees its own code.
export LATENT_STUDIO_VENV=$venv PYTHONPATH=$root${PYTHONPATH:+:$PYTHONPATH}
cd "$root" || exit
