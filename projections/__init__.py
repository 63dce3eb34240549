"""Views of the log: each a pure fold with its own tables, one view a file.

`profiles` is what people search, `activities` counts what they did, `identities` says whose each
UID is, `sessions` are kept by origin and joined to it, `rejections` lists what could not be taken.
`queries/` asks them.
"""

from domain.attributes import Policies
from domain.profile import DEFAULT_POLICIES
from projections.activities import Activities
from projections.identities import Identities
from projections.profiles import Profiles
from projections.rejections import Rejections
from projections.sessions import Sessions

__all__ = ["PROJECTIONS", "AnyProjection", "projections"]

AnyProjection = Profiles | Identities | Sessions | Activities | Rejections


def projections(policies: Policies = DEFAULT_POLICIES) -> tuple[AnyProjection, ...]:
    """Give every projection of a deployment with these policies of attributes."""
    return (Profiles(policies), Identities(), Sessions(), Activities(), Rejections())


PROJECTIONS = projections()
"""Every projection, under the policies that hold unless others are configured."""
