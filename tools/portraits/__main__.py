"""Command line: ``python -m tools.portraits train --folder RUN`` and friends."""

from __future__ import annotations

from tools.portraits.command import main

if __name__ == "__main__":
    raise SystemExit(main())
