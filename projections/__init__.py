"""Views of the log: each a pure fold with its own tables, one view a file."""
