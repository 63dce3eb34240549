"""Seals follow the log; a key signs them; a profile can be proven without the log."""

import stat
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from actors.people import find_profile
from store.folder import open_store
from store.seals.errors import BadExport, BadSealKey, SealKeyMissing, Unsealed
from store.seals.exporting import Export, exported, read_export
from store.seals.ledger import FILE, Ledger
from store.seals.proving import Proof, check, prove
from store.seals.seal import seal_of
from store.seals.signing import signing_key
from tests.seals.sealed import ROWS, Sealed


def test_full_blocks_are_sealed_and_the_rest_on_command(sealed: Sealed) -> None:
    assert sealed.seal() == 0
    assert sealed.seal(partial=True) == 250
    assert sealed.seal(partial=True) == 0
    seals = sealed.export().seals
    assert [(seal.number, seal.count, seal.first, seal.last) for seal in seals] == [
        (1, 1_000, 1, 1_000),
        (2, 1_000, 1_001, 2_000),
        (3, 1_000, 2_001, 3_000),
        (4, 250, 3_001, ROWS),
    ]
    assert [seal.previous for seal in seals[1:]] == [seal.hash for seal in seals[:-1]]
    assert sealed.verify().unsealed == 0


def test_of_two_who_seal_one_block_only_one_does(sealed: Sealed) -> None:
    with sealed.opened() as (_, ledger):
        last = ledger.last()
        assert last is not None
        leaves = ledger.leaves(3, 1_000) or []
        again = seal_of(leaves, last, 1)
        assert ledger.add(again, leaves)
        assert not ledger.add(again, leaves)


def test_an_empty_log_has_nothing_to_seal(sealed: Sealed) -> None:
    sealed.alter("DELETE FROM events")
    (sealed.folder / FILE).unlink()
    assert sealed.seal(partial=True) == 0
    with sealed.opened() as (_, ledger), pytest.raises(Unsealed, match="onefold audit seal"):
        exported(ledger, Ed25519PrivateKey.generate().public_key())


def test_erasing_keys_and_snapshots_leaves_every_seal_valid(sealed: Sealed) -> None:
    sealed.alter("DELETE FROM keys")
    (sealed.folder / "master.key").unlink()
    assert sealed.findings() == []


def test_the_files_of_seals_are_their_owners_alone(sealed: Sealed) -> None:
    for name in (FILE, "seal.key"):
        assert stat.S_IMODE((sealed.folder / name).stat().st_mode) == 0o600


def test_a_seal_must_name_the_seal_before_it(sealed: Sealed) -> None:
    first, second, _ = sealed.export().seals
    key = signing_key(sealed.folder, {}, may_create=False)
    assert second.flaw(first, key.public_key()) is None
    other = msgspec.structs.replace(second, previous=bytes(32)).signed(key)
    assert other.flaw(first, key.public_key()) == "it does not name the seal before it"


class TestSigningKey:
    def test_it_is_made_once_and_kept(self, tmp_path: Path) -> None:
        with pytest.raises(SealKeyMissing, match=r"seal\.key"):
            signing_key(tmp_path, {}, may_create=False)
        made = signing_key(tmp_path, {}, may_create=True)
        for may_create in (True, False):
            again = signing_key(tmp_path, {}, may_create=may_create)
            assert again.private_bytes_raw() == made.private_bytes_raw()
        assert [path.name for path in tmp_path.iterdir()] == ["seal.key"]

    def test_the_environment_comes_first(self, tmp_path: Path) -> None:
        named = signing_key(tmp_path, {"ONEFOLD_SEAL_KEY": "A" * 43 + "="}, may_create=False)
        assert named.private_bytes_raw() == bytes(32)

    @pytest.mark.parametrize("text", ["x", "QUJD", "ö"])
    def test_a_text_that_is_no_key_is_told(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(BadSealKey, match="ONEFOLD_SEAL_KEY"):
            signing_key(tmp_path, {"ONEFOLD_SEAL_KEY": text}, may_create=True)

    def test_seals_of_another_key_are_not_ours(self, sealed: Sealed) -> None:
        (sealed.folder / "seal.key").unlink()
        signing_key(sealed.folder, {}, may_create=True)
        assert {each.kind for each in sealed.findings()} == {"seal"}


def proof_of(sealed: Sealed) -> Proof:
    """Prove the customer of 20 visitors."""
    store, ledger = open_store(sealed.folder, {}), Ledger(sealed.folder)
    try:
        profile = find_profile(store, "customer", "c1")
        assert profile is not None
        streams = [profile.id, *profile.visitors.values()]
        return prove(store.backend, ledger, "customer:c1", streams)
    finally:
        ledger.close()
        store.backend.close()


class TestProof:
    def test_it_holds_with_the_exported_file_alone(self, sealed: Sealed, tmp_path: Path) -> None:
        proof = proof_of(sealed)
        file = tmp_path / "seals.json"
        file.write_bytes(msgspec.json.encode(sealed.export()))
        assert len({event.stream for event in proof.events}) == 21
        assert {event.block for event in proof.events} == {1, 3}
        assert proof.unsealed == []
        travelled = msgspec.json.decode(msgspec.json.encode(proof), type=Proof)
        assert check(travelled, read_export(file)) == []

    @pytest.mark.parametrize("field", ["state", "topic", "version", "position", "index", "path"])
    def test_a_row_that_was_altered_in_it_fails(self, sealed: Sealed, field: str) -> None:
        proof, export = proof_of(sealed), sealed.export()
        event = proof.events[3]
        value = getattr(event, field)
        other = value + 1 if isinstance(value, int) else value[:-1]
        changed = msgspec.structs.replace(event, **{field: other})
        events = [*proof.events[:3], changed, *proof.events[4:]]
        flaws = check(msgspec.structs.replace(proof, events=events), export)
        assert f"position {changed.position}" in {flaw.where for flaw in flaws}

    def test_a_row_that_is_left_out_of_a_stream_is_missed(self, sealed: Sealed) -> None:
        proof = proof_of(sealed)
        first = proof.events[0]
        flaws = check(msgspec.structs.replace(proof, events=proof.events[1:]), sealed.export())
        assert [(flaw.where, flaw.why) for flaw in flaws] == [
            (f"stream {first.stream}", "version 1 is missing")
        ]

    def test_a_row_altered_in_the_log_cannot_be_proven(self, sealed: Sealed) -> None:
        export, at = sealed.export(), proof_of(sealed).events[0].position
        sealed.alter("UPDATE events SET state = x'00' WHERE position = ?", at)
        # The store cannot read the profile any more; its streams are still known.
        with sealed.opened() as (_, ledger):
            store = open_store(sealed.folder, {})
            entry = store.find("uid", ["u0"])["u0"]
            proof = prove(store.backend, ledger, "visitor:u0", [entry.profile_id])
            store.backend.close()
        assert [flaw.where for flaw in check(proof, export)] == [f"position {at}"]

    def test_seals_that_another_key_signed_prove_nothing(self, sealed: Sealed) -> None:
        export = sealed.export()
        other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        flaws = check(proof_of(sealed), Export(other, export.seals))
        assert [flaw.where for flaw in flaws] == ["seal 1", "seal 2", "seal 3"]
        fewer = check(proof_of(sealed), Export(export.public_key, export.seals[:1]))
        assert {flaw.why for flaw in fewer} == {"seal 3 is not in the export"}

    @pytest.mark.parametrize("text", [b"", b"{}", b"\xff", b'{"public_key":"QUJD","seals":[]}'])
    def test_a_file_that_is_no_export_is_told(self, tmp_path: Path, text: bytes) -> None:
        (tmp_path / "x").write_bytes(text)
        with pytest.raises(BadExport, match=r"Expected .* to be what `onefold audit` wrote"):
            read_export(tmp_path / "x")
