"""Questions to the views: each a function of a snapshot, with every value bound."""
