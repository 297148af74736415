"""The script editor: a text area in which a model's words can stand before they are taken."""
