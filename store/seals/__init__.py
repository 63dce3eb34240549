"""Seals over the log: that no row was altered, removed, moved or slipped in (design D9).

Every thousand rows make a block. The rows' hashes make a Merkle tree (`merkle`), its root and the
seal before it make the seal (`seal`), an Ed25519 key signs it (`signing`). The seals lie in a
file of their own (`ledger`), made by `sealing`, checked by `verifying` and, for one profile
and without the log, by `proving`. Rows are hashed as they are stored, encrypted: no key of a
profile is needed, and erasing one leaves every seal valid.
"""

from store.seals.ledger import Ledger
from store.seals.sealing import seal_up_to_now
from store.seals.signing import signing_key
from store.seals.verifying import Finding, verify

__all__ = ["Finding", "Ledger", "seal_up_to_now", "signing_key", "verify"]
