"""Streams and what is derived from them, sealed per profile, in one database."""
