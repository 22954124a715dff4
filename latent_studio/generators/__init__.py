"""Generator families behind one protocol, in plain torch."""
