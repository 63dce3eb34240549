"""The ways in and out: HTTP, command line, configuration, and how it is all put together."""
