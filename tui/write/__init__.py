"""The parts of the Write room."""
