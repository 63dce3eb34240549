"""What Onefold means by a person.

An SDK mints a UID; a visitor is born (`VisitorBorn`) and gathers activities and attributes.
The business names a CID; a customer is born (`CustomerBorn`). A call with both asserts that
they are one person: `identification.apply` folds the visitor (`Folded` closes its stream) into
the customer (`Merged` brings what it knew), and with it every earlier visitor that shares a
link key (`linking`). Whoever is already taken is not merged but refused, and the refusal is a
fact like any other. `profile.evolve` turns a stream into a `Profile`, `document` shows it.

Pure: no clock, no randomness, no I/O. Time and ids come in with the commands and the draft.
"""

from domain.document import Document, digest, document
from domain.draft import Archive, Draft, Recorded
from domain.identification import Outcome, Target, apply, reject, resolve
from domain.journal import Journal
from domain.profile import Profile, evolve, initial

__all__ = [
    "Archive",
    "Document",
    "Draft",
    "Journal",
    "Outcome",
    "Profile",
    "Recorded",
    "Target",
    "apply",
    "digest",
    "document",
    "evolve",
    "initial",
    "reject",
    "resolve",
]
