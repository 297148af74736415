"""The parts of the Train room."""
