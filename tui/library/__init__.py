"""The parts of the Library room."""
