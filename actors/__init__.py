"""Profiles as Ray actors: who decides, where, and what becomes of a call on its way."""
