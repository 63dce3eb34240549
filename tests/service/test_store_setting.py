"""The `store` setting: a password in it is shown nowhere and never given to Ray."""

import os
import pickle
from pathlib import Path

import pytest

from actors.infos import Terms
from service.blueprint import FromConfig, needs
from service.cli.console import configured
from service.config import ConfigError, explain, load_config
from service.doctor import examine
from store.location import VARIABLE

SECRET = "swordfish"
ADDRESS = f"postgresql://me:{SECRET}@127.0.0.1:1/profiles"
SHOWN = "postgresql://me@127.0.0.1:1/profiles"


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder, with an environment that is put back."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, "")


def test_a_store_comes_from_a_flag_the_environment_or_the_file(tmp_path: Path) -> None:
    assert load_config(None, {}, {}).store == "sqlite"
    assert load_config(None, {VARIABLE: ADDRESS}, {}).store == ADDRESS
    assert load_config(None, {VARIABLE: ADDRESS}, {"store": "sqlite"}).store == "sqlite"
    (tmp_path / "onefold.toml").write_text(f"store = '{ADDRESS}'")
    assert load_config(None, {}, {}).store == ADDRESS


def test_settings_are_shown_without_the_password() -> None:
    found = {setting.name: setting for setting in explain(None, {VARIABLE: ADDRESS}, {})}
    assert (found["store"].value, found["store"].origin) == (SHOWN, VARIABLE)
    assert SECRET not in repr(found)


@pytest.mark.parametrize("text", [f"mysql://me:{SECRET}@db/x", f"postgresql://me:{SECRET}%zz@db/x"])
def test_what_is_no_store_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ConfigError, match=f"Expected `sqlite` or .* in {VARIABLE}") as caught:
        load_config(None, {VARIABLE: text}, {})
    assert SECRET not in str(caught.value)


def test_commands_pass_the_address_on_by_the_environment_alone() -> None:
    config = configured(None, store=ADDRESS)
    assert config.store == SHOWN
    assert os.environ[VARIABLE] == ADDRESS


def test_ray_is_given_no_password(tmp_path: Path) -> None:
    config = load_config(None, {}, {"store": ADDRESS, "data": tmp_path})
    secrets = {VARIABLE: ADDRESS, "ONEFOLD_MASTER_KEY": f"{SECRET}-key"}
    blueprint = FromConfig(config.without_password(), "id", needs(secrets))
    assert blueprint.needs == (VARIABLE, "ONEFOLD_MASTER_KEY")
    terms = Terms("projector-0", 0, blueprint.needs)
    for kept in (
        blueprint,
        blueprint.host(terms),
        blueprint.projector(terms),
        blueprint.gateway(terms, "10.0.0.1", 8080),
    ):
        assert SECRET.encode() not in pickle.dumps(kept)


def test_the_doctor_names_a_database_that_is_not_there(tmp_path: Path) -> None:
    config = configured(None, store=ADDRESS, data=tmp_path, port=0)
    found = {finding.checked: finding for finding in examine(config, os.environ)}
    assert found["store"].level == "problem"
    assert f"Expected a PostgreSQL server at {SHOWN}, but" in found["store"].found
    assert SECRET not in repr(found)
