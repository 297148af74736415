"""Parts of the Inspect room: one view a file, and the drawing that needs no widgets."""
