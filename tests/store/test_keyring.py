"""One data key per profile, wrapped by the master key (design D8)."""

import os
from uuid import UUID

import pytest

from store.errors import Tampered, WrongMasterKey
from store.keyring import KEY_SIZE, NONCE_SIZE, Keyring, ProfileCipher

ANA, BEN = UUID(int=1), UUID(int=2)


@pytest.fixture
def keyring() -> Keyring:
    return Keyring(os.urandom(KEY_SIZE))


def test_d8_a_wrapped_key_opens_what_the_new_one_sealed(keyring: Keyring) -> None:
    cipher, wrapped = keyring.new_key(ANA)
    box = cipher.seal(1, "tracked.1", b"text")
    assert keyring.unwrap(ANA, wrapped).open(1, "tracked.1", box) == b"text"


def test_d8_each_profile_has_a_key_of_its_own(keyring: Keyring) -> None:
    first, _ = keyring.new_key(ANA)
    second, _ = keyring.new_key(ANA)
    with pytest.raises(Tampered):
        second.open(1, "tracked.1", first.seal(1, "tracked.1", b"text"))


def test_d8_a_key_wrapped_for_one_profile_is_no_key_of_another(keyring: Keyring) -> None:
    _, wrapped = keyring.new_key(ANA)
    with pytest.raises(Tampered):
        keyring.unwrap(BEN, wrapped)


@pytest.mark.parametrize("damaged", [b"", b"short", bytes(60)])
def test_d8_a_damaged_wrapped_key_is_noticed(keyring: Keyring, damaged: bytes) -> None:
    with pytest.raises(Tampered, match=f"profile {ANA} was altered"):
        keyring.unwrap(ANA, damaged)


def test_d8_another_master_key_unwraps_nothing(keyring: Keyring) -> None:
    _, wrapped = keyring.new_key(ANA)
    with pytest.raises(Tampered):
        Keyring(os.urandom(KEY_SIZE)).unwrap(ANA, wrapped)


def test_d8_a_master_key_knows_its_own_store(keyring: Keyring) -> None:
    proof = keyring.proof()
    keyring.check(proof, "a test")
    with pytest.raises(WrongMasterKey, match="The master key from a test does not open") as caught:
        Keyring(os.urandom(KEY_SIZE)).check(proof, "a test")
    assert caught.value.origin == "a test"


@pytest.mark.parametrize("damaged", [b"", b"short", bytes(60)])
def test_d8_a_damaged_proof_proves_nothing(keyring: Keyring, damaged: bytes) -> None:
    with pytest.raises(WrongMasterKey):
        keyring.check(damaged, "a test")


def test_d8_no_nonce_is_used_twice() -> None:
    cipher = ProfileCipher(ANA, os.urandom(KEY_SIZE))
    boxes = [cipher.seal(1, "tracked.1", b"text") for _ in range(1_000)]
    assert len({box[:NONCE_SIZE] for box in boxes}) == 1_000


def test_d8_a_box_shows_nothing_of_key_or_text(keyring: Keyring) -> None:
    cipher, wrapped = keyring.new_key(ANA)
    box = cipher.seal(1, "tracked.1", b"a secret text")
    assert b"secret" not in box
    assert len(wrapped) == NONCE_SIZE + KEY_SIZE + 16
