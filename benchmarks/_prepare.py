"""Imported first by a benchmark: finds the package in the checkout, and sets the process up before torch."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from latent_studio.engine.process import prepare_process

prepare_process()
