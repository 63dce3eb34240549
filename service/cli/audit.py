"""`onefold audit`: seal the log, verify it, export the seals, prove and check a profile."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import Progress

from actors.people import find_profile
from service.cli.console import AsJson, ConfigFile, Data, app, configured, err, out, print_json
from service.cli.profiles import Who, named, opened, unknown
from service.clock import clock
from service.config import Config
from store.seals import Ledger, seal_up_to_now, signing_key
from store.seals import verify as verified
from store.seals.errors import Unsealed
from store.seals.exporting import exported, read_export, read_json
from store.seals.opening import open_log
from store.seals.proving import Proof, check, prove
from store.seals.sealing import Log
from store.seals.verifying import Verdict

audit_app = typer.Typer(no_args_is_help=True, help="Show that the log was not altered.")
app.add_typer(audit_app, name="audit")

SHOWN = 50

Export = Annotated[
    Path, typer.Option("--export", help="Seals that were exported.", exists=True, dir_okay=False)
]
Against = Annotated[
    Path | None,
    typer.Option("--against", help="Hold against exported seals.", exists=True, dir_okay=False),
]


@audit_app.command()
def seal(
    partial: Annotated[bool, typer.Option("--now", help="Also a block that is not full.")] = False,
    config: ConfigFile = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Seal what was written since the last seal, a thousand rows a seal."""
    settings = configured(config, data=data)
    with _sealed_log(settings) as (log, ledger):
        may_create = ledger.last() is None
        key = signing_key(settings.data, os.environ, may_create=may_create)
        with _bar("Sealing", log) as advance:
            rows = seal_up_to_now(log, ledger, key, clock, partial=partial, sealed=advance)
        last = ledger.last()
    seals = 0 if last is None else last.number
    if as_json:
        print_json({"sealed": rows, "seals": seals})
    else:
        out.print(f"{rows:,} rows sealed; {seals:,} seals in all.")


@audit_app.command()
def verify(
    against: Against = None, config: ConfigFile = None, data: Data = None, as_json: AsJson = False
) -> None:
    """Recompute every seal from the log and name what does not fit; exit code 1 then."""
    settings = configured(config, data=data)
    export = None if against is None else read_export(against)
    with _sealed_log(settings) as (log, ledger):
        if export is None:
            if ledger.last() is None:
                raise Unsealed(ledger.path)
            key, seals = signing_key(settings.data, os.environ, may_create=False).public_key(), []
        else:
            key, seals = export.key, export.seals
        with _bar("Verifying", log) as advance:
            verdict = verified(log, ledger, key, seals, advance)
    _report(verdict, as_json=as_json)
    raise typer.Exit(1 if verdict.findings else 0)


@audit_app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to; keep it out of this machine's reach.")],
    config: ConfigFile = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Write all seals and the public key: what nobody with the signing key can take back."""
    settings = configured(config, data=data)
    with _sealed_log(settings) as (_, ledger):
        if ledger.last() is None:
            raise Unsealed(ledger.path)
        key = signing_key(settings.data, os.environ, may_create=False)
        found = exported(ledger, key.public_key())
    file.write_bytes(msgspec.json.encode(found) + b"\n")
    if as_json:
        print_json({"seals": len(found.seals), "file": str(file)})
    else:
        out.print(f"{len(found.seals):,} seals written to {file}.", highlight=False)


@audit_app.command(name="prove")
def prove_command(
    who: Who,
    file: Annotated[Path, typer.Argument(help="Where to write the proof.")],
    config: ConfigFile = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Prove that a profile's events, its folded visitors' too, are in the sealed log."""
    kind, value = named(who)
    settings = configured(config, data=data)
    with _sealed_log(settings) as (_, ledger), opened(config, data) as store:
        profile = find_profile(store, kind, value)
        if profile is None:
            raise unknown(kind, value)
        proof = prove(store.backend, ledger, who, [profile.id, *profile.visitors.values()])
    file.write_bytes(msgspec.json.encode(proof) + b"\n")
    told = {"events": len(proof.events), "unsealed": len(proof.unsealed), "file": str(file)}
    if as_json:
        print_json(told)
    else:
        out.print("{events:,} events proven, {unsealed:,} not sealed yet.".format(**told))


@audit_app.command(name="check")
def check_command(
    proof: Annotated[Path, typer.Argument(help="A proof.", exists=True, dir_okay=False)],
    export: Export,
    as_json: AsJson = False,
) -> None:
    """Check a proof against exported seals; needs nothing else. Exit code 1 if it fails."""
    found = read_json(proof, Proof)
    flaws = check(found, read_export(export))
    if as_json:
        print_json({"profile": found.profile, "flaws": msgspec.to_builtins(flaws)})
    else:
        for flaw in flaws[:SHOWN]:
            out.print(f"{flaw.where}: {flaw.why}", highlight=False, markup=False)
        told = f"{len(flaws):,} flaws" if flaws else f"{len(found.events):,} events are in the log"
        out.print(f"{found.profile}: {told}.", highlight=False, markup=False)
    raise typer.Exit(1 if flaws else 0)


@contextmanager
def _sealed_log(settings: Config) -> Iterator[tuple[Log, Ledger]]:
    log = open_log(settings.data, os.environ)
    try:
        ledger = Ledger(settings.data)
        try:
            yield log, ledger
        finally:
            ledger.close()
    finally:
        log.close()


@contextmanager
def _bar(what: str, log: Log) -> Iterator[Callable[[int], None]]:
    with Progress(console=err, transient=True) as progress:
        task = progress.add_task(what, total=log.position())
        yield lambda rows: progress.advance(task, rows)


def _report(verdict: Verdict, *, as_json: bool) -> None:
    if as_json:
        print_json(msgspec.to_builtins(verdict))
        return
    for finding in verdict.findings[:SHOWN]:
        out.print(str(finding), highlight=False, markup=False, soft_wrap=True)
    if len(verdict.findings) > SHOWN:
        out.print(f"… and {len(verdict.findings) - SHOWN:,} more; --json lists them all")
    told = f"{len(verdict.findings):,} findings" if verdict.findings else "all as it was sealed"
    out.print(
        f"{verdict.blocks:,} seals over {verdict.rows:,} rows: {told}; "
        f"{verdict.unsealed:,} rows are not sealed yet."
    )
