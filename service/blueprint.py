"""How the members of a deployment are made from its configuration."""

import os
from collections.abc import Mapping

import msgspec

from actors.infos import Terms
from actors.members import Member
from actors.projector_shell import ProjectorSettings, ProjectorShell
from actors.shells import HostSettings, HostShell
from projections import projections
from service.config import SECRETS, Config
from service.gateway import GatewaySettings, GatewayShell
from service.readiness import free_port
from store.archive import Store
from store.folder import open_store
from store.location import VARIABLE as STORE


class FromConfig(msgspec.Struct, frozen=True):
    """`actors.members.Blueprint` of a configuration without secrets: Ray keeps it."""

    config: Config
    deployment: str | None = None
    needs: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """Where the store is, without a password."""
        return self.config.store

    @property
    def projectors(self) -> tuple[str, ...]:
        """Name the projectors; no more of them than there are projections."""
        number = min(self.config.projectors, len(projections(self.config.policies)))
        return tuple(f"projector-{n}" for n in range(number))

    def store(self) -> Store:
        """Open the store; raises `StoreError`."""
        config = self.config
        return open_store(config.data, os.environ, config.synchronous, config.policies)

    def host(self, terms: Terms) -> Member:
        """Describe a host, which wakes all projectors."""
        config = self.config
        settings = HostSettings(
            config.data.resolve(),
            terms,
            config.live_profiles,
            config.synchronous,
            config.policies,
            self.projectors,
        )
        return Member(HostShell, settings)

    def projector(self, terms: Terms) -> Member:
        """Describe a projector: the projections are dealt out to all of them."""
        config, names = self.config, self.projectors
        share = projections(config.policies)[names.index(terms.name) :: len(names)]
        settings = ProjectorSettings(
            config.data.resolve(), share, config.synchronous, config.policies, terms
        )
        return Member(ProjectorShell, settings)

    def gateway(self, terms: Terms, address: str, port: int | None) -> Member:
        """Describe a gateway; `port` None: the usual one, 0: any free one."""
        config = self.config
        if port is None:
            port = config.port
        found = free_port(config.host, 0) if port == 0 else port
        chosen = msgspec.structs.replace(config, port=found)
        return Member(GatewayShell, GatewaySettings(chosen, terms, address))


def needs(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Name what every node's environment must have: the database, and the secrets that we have."""
    return (STORE, *(name for name in SECRETS if environ.get(name)))
