"""The parts of the projection panel: choosing a face, searching, what was found, and the way back."""
