"""The parts of the Corpus room."""
