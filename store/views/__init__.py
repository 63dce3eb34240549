"""The view database: what projections made of the log; it can be made again at any time."""
