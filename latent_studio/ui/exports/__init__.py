"""What the Export panel can write: one module per subject."""
