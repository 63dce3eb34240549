"""Who may send and who may read."""

from service.credentials import Credentials, mint_api_token, mint_write_key

NOBODY = Credentials({}, frozenset())


def test_a_write_key_stands_for_its_source() -> None:
    credentials = NOBODY.with_write_key("k1", "web").with_write_key("k2", "app")
    found = [credentials.source_of(key) for key in ("k1", "k2", "K1", "")]
    assert found == ["web", "app", None, None]


def test_a_token_that_was_given_out_may_read() -> None:
    credentials = NOBODY.with_api_token("t1").with_api_token("t2")
    allowed = [credentials.allows(token) for token in ("t1", "t2", "t", "t11", "")]
    assert allowed == [True, True, False, False, False]
    assert not NOBODY.allows("t1")


def test_a_write_key_is_no_token_and_a_token_no_write_key() -> None:
    credentials = NOBODY.with_write_key("k", "web").with_api_token("t")
    assert credentials.source_of("t") is None
    assert not credentials.allows("k")


def test_what_is_kept_holds_no_key() -> None:
    credentials = NOBODY.with_write_key("secret-k", "web").with_api_token("secret-t")
    kept = credentials.to_json()
    assert b"secret" not in kept
    assert Credentials.from_json(kept) == credentials


def test_text_in_any_letters_can_be_asked_about() -> None:
    assert NOBODY.source_of("ключ\ud800") is None
    assert not NOBODY.allows("ключ\udfff")


def test_minted_keys_say_what_they_are_and_are_never_the_same() -> None:
    assert mint_write_key().startswith("wk_")
    assert mint_api_token().startswith("at_")
    assert len({mint() for mint in (mint_write_key, mint_api_token) for _ in range(100)}) == 200
