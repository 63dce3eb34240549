"""The shell of a host, without Ray around it: it opens its store late and as often as needed."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import structlog

from actors import shells
from actors.errors import NodeLacks
from actors.infos import HostInfo, Terms, standing
from actors.logs import configure_logs
from actors.parcels import APPLIED, FAILED, Parcel, Question, Reply, pack_parcels, unpack_reply
from actors.placement import initial, spread
from actors.shells import HostSettings, HostShell
from domain.attributes import Policies
from store.errors import StoreMissing
from store.folder import DATABASE, prepare
from tests.controls.calls import track


@pytest.fixture(autouse=True)
def untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave this process's logs and garbage collector alone."""
    monkeypatch.setattr(shells, "configure_logs", lambda: None)
    monkeypatch.setattr(shells, "spare_the_collector", lambda: None)


@pytest.fixture
def shell(tmp_path: Path) -> HostShell:
    return HostShell(HostSettings(tmp_path, Terms("host-0"), 100, "normal", Policies()))


def sent(shell: HostShell) -> Reply:
    return unpack_reply(shell.handle(pack_parcels([Parcel(track(uid="u1"))])))


def test_d6_its_constructor_never_fails_and_its_first_call_opens_the_store(
    shell: HostShell, tmp_path: Path
) -> None:
    for _ in range(2):
        with pytest.raises(StoreMissing):
            sent(shell)
        with pytest.raises(StoreMissing):
            shell.read(Question("visitor", "u1"))
    prepare(tmp_path, {}).backend.close()
    assert sent(shell).results == [APPLIED]
    moved, document = shell.read(Question("visitor", "u1"))
    assert moved is None
    assert document is not None


def told(shell: HostShell) -> HostInfo:
    return msgspec.structs.replace(shell.info(), quiet_for=0.0)


def test_it_tells_how_it_is_before_and_after_its_first_call(
    shell: HostShell, tmp_path: Path
) -> None:
    new = HostInfo(
        standing=standing(Terms("host-0")),
        epoch=0,
        is_open=False,
        is_fenced=False,
        live=0,
        busy_for=0.0,
        quiet_for=0.0,
        placement=0,
    )
    assert told(shell) == new
    prepare(tmp_path, {}).backend.close()
    assert told(shell) == new
    sent(shell)
    assert told(shell) == msgspec.structs.replace(new, epoch=1, is_open=True, live=1)


def test_it_opens_the_store_when_told_to_and_says_what_hinders_it(
    shell: HostShell, tmp_path: Path
) -> None:
    shell.open()
    assert not shell.info().is_open
    assert "Expected a store in" in str(shell.info().standing.problem)
    prepare(tmp_path, {}).backend.close()
    shell.open()
    assert shell.info().is_open
    assert shell.info().standing.problem is None


def test_it_works_on_no_node_that_lacks_what_it_needs(tmp_path: Path) -> None:
    """Not even on a file that is there: the deployment's store is somewhere else."""
    prepare(tmp_path, {}).backend.close()
    terms = Terms("host-0", needs=("ONEFOLD_STORE",))
    shell = HostShell(HostSettings(tmp_path, terms, 100, "normal", Policies()))
    with pytest.raises(NodeLacks, match="Expected ONEFOLD_STORE in the environment"):
        sent(shell)
    assert shell.info().standing.lacks == ("ONEFOLD_STORE",)


def test_it_goes_by_the_newest_placement_it_was_told(shell: HostShell, tmp_path: Path) -> None:
    prepare(tmp_path, {}).backend.close()
    first = initial(["host-0"])
    second = spread(first, ["host-0", "host-1"])
    for placement in (second, first):
        shell.assign(placement)
        sent(shell)
        assert shell.info().placement == second.version


def test_it_says_that_it_was_fenced(shell: HostShell, tmp_path: Path) -> None:
    prepare(tmp_path, {}).backend.close()
    sent(shell)
    sent(HostShell(HostSettings(tmp_path, Terms("host-0"), 100, "normal", Policies())))
    assert not shell.info().is_fenced
    sent(shell)
    assert shell.info().is_fenced


def test_it_says_how_long_it_has_been_at_one_batch(
    shell: HostShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(tmp_path, {}).backend.close()
    asked: list[float] = []
    host = shell._opened()  # noqa: SLF001 - to look in while it works
    now = 10.0
    monkeypatch.setattr(shells, "monotonic", lambda: now)

    def work(batch: bytes) -> bytes:
        nonlocal now
        now += 7.5
        asked.append(shell.info().busy_for)
        return batch

    monkeypatch.setattr(host, "handle", work)
    shell.handle(b"")
    assert asked == [7.5]
    assert shell.info().busy_for == 0.0


def test_a_clean_stop_leaves_one_whole_file_and_takes_nothing_more(
    shell: HostShell, tmp_path: Path
) -> None:
    prepare(tmp_path, {}).backend.close()
    shell.stop()
    sent(shell)
    for _ in range(2):
        shell.stop()
    assert list(tmp_path.glob(f"{DATABASE}-*")) == []
    assert sent(shell).results == [FAILED]
    again = HostShell(HostSettings(tmp_path, Terms("host-0"), 100, "normal", Policies()))
    assert again.read(Question("visitor", "u1"))[1] is not None


@pytest.fixture
def logs_as_they_were() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("logs_as_they_were")
def test_log_lines_go_to_standard_error_as_a_sentence_and_fields(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs()
    structlog.get_logger().info("took the lease", host="host-0", epoch=2)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert 'level=info event="took the lease"' in captured.err
    assert "host=host-0" in captured.err
