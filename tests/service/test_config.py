"""The configuration: flags before environment before file before defaults."""

import os
import pickle
from pathlib import Path

import pytest

from domain.attributes import Policies, Policy
from domain.identifiers import POISON
from service.config import Config, ConfigError, explain, load_config
from service.doctor import examine
from service.limits import Limits


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def toml(text: str) -> Path:
    """Write a configuration file that somebody names."""
    path = Path("named.toml")
    path.write_text(text, "utf-8")
    return path


def refused(
    file: Path | None = None,
    environ: dict[str, str] | None = None,
    flags: dict[str, object] | None = None,
) -> str:
    """Give the message with which a configuration is refused."""
    with pytest.raises(ConfigError) as caught:
        load_config(file, environ or {}, flags or {})
    return str(caught.value)


def test_the_defaults_serve_this_machine_from_this_folder() -> None:
    config = load_config(None, {}, {})
    assert config == Config(data=Path.cwd() / "onefold-data")
    assert (config.host, config.port, config.synchronous) == ("127.0.0.1", 8080, "full")
    assert (config.live_profiles, config.batch, config.queue) == (50_000, 1_000, 20_000)
    assert config.hosts == max(1, len(os.sched_getaffinity(0)) - 1)
    assert config.limits == Limits(4_194_304, 2_500, 32_768, 16, 255, 100)


def test_a_flag_counts_before_the_environment_before_the_file() -> None:
    file = toml("port = 1\nhosts = 1\nhost = 'file'\nqueue = 1")
    environ = {"ONEFOLD_PORT": "2", "ONEFOLD_HOSTS": "2", "ONEFOLD_HOST": "environ"}
    config = load_config(file, environ, {"port": 3, "host": None})
    assert (config.port, config.hosts, config.host, config.queue) == (3, 2, "environ", 1)


def test_onefold_toml_of_the_current_folder_is_read_when_it_is_there() -> None:
    Path("onefold.toml").write_text("port = 9", "utf-8")
    assert load_config(None, {}, {}).port == 9
    assert load_config(toml(""), {}, {}).port == 8080


def test_a_data_folder_is_absolute_wherever_it_comes_from() -> None:
    for flags in ({"data": "d"}, {"data": Path("d")}):
        assert load_config(None, {}, flags).data == Path.cwd() / "d"
    assert load_config(None, {"ONEFOLD_DATA": "~/d"}, {}).data == Path.home() / "d"


def test_tables_of_the_file_are_tables_of_the_configuration() -> None:
    config = load_config(
        toml(
            "poison = [' QA-Device ']\n"
            "[limits]\ncalls = 10\n"
            "[links]\ncard = 'properties.card'\n"
            "[policies]\nscore = 'max'\nfirst_name = 'earliest'\n"
        ),
        {},
        {},
    )
    assert config.limits == Limits(calls=10)
    assert config.policies == Policies(
        {**Policies().named, "score": Policy.MAX, "first_name": Policy.EARLIEST}
    )
    rules = config.wire_rules()
    assert (rules.links, rules.limits) == ({"card": "properties.card"}, Limits(calls=10))
    assert rules.poison == POISON | {"qa-device"}


def test_the_environment_writes_tables_as_json() -> None:
    config = load_config(
        None,
        {
            "ONEFOLD_LINKS": '{"device": "context.device.token"}',
            "ONEFOLD_POISON": '["x"]',
            "ONEFOLD_RETRY_FOR": "1.5",
            "ONEFOLD_LIMITS": '{"levels": 4}',
            "ONEFOLD_HOST": "[::1]",
            "HOME": "/root",
        },
        {},
    )
    assert config.links == {"device": "context.device.token"}
    assert (config.poison, config.retry_for, config.host) == (("x",), 1.5, "[::1]")
    assert config.limits.levels == 4


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("prot = 1", "prot"),
        ("port = 'x'", "port"),
        ("port = '1'", "port"),
        ("port = 70000", "port"),
        ("hosts = 0", "hosts"),
        ("batch = true", "batch"),
        ("synchronous = 'off'", "synchronous"),
        ("poison = 'x'", "poison"),
        ("[limits]\nbdoy = 1", "limits"),
        ("[limits]\nlevels = 0", "limits"),
        ("[links]\ndevice = 'device'", "links"),
        ("[links]\n'a:b' = 'context.a'", "links"),
        ("[links]\ndevice = 'userId.x'", "links"),
        ("[policies]\nscore = 'best'", "policies"),
        ("write_key = 'wk_secret'", "write_key"),
        ("port =", "TOML"),
    ],
    ids=repr,
)
def test_what_cannot_be_used_is_named_with_its_file(text: str, named: str) -> None:
    message = refused(toml(text))
    assert message.startswith("Expected ")
    assert "in named.toml, got " in message
    assert named in message


@pytest.mark.parametrize(
    ("name", "value"),
    [("ONEFOLD_PORT", "x"), ("ONEFOLD_PROT", "1"), ("ONEFOLD_LINKS", "{"), ("ONEFOLD_LINKS", "x")],
)
def test_what_cannot_be_used_in_the_environment_is_named(name: str, value: str) -> None:
    assert f" in {name}, got " in refused(environ={name: value})


def test_what_cannot_be_used_as_a_flag_is_named() -> None:
    message = refused(flags={"live_profiles": -1})
    assert message == (
        "Expected a usable live_profiles in --live-profiles, got -1: Expected `int` >= 1"
    )
    assert "--prot" in refused(flags={"prot": 1})


def test_a_named_file_must_be_there() -> None:
    assert refused(Path("gone.toml")).startswith("Expected a readable file in gone.toml, got")


def test_explain_shows_each_setting_and_where_it_comes_from() -> None:
    shown = {
        setting.name: (setting.value, setting.origin)
        for setting in explain(
            toml("queue = 5\n[policies]\nscore = 'max'"),
            {"ONEFOLD_HOST": "::1", "ONEFOLD_WRITE_KEY": "wk_secret"},
            {"port": 1},
        )
    }
    assert set(shown) > set(Config.__struct_fields__)
    assert shown["port"] == ("1", "--port")
    assert shown["host"] == ("::1", "ONEFOLD_HOST")
    assert shown["queue"] == ("5", "named.toml")
    assert shown["batch"] == ("1000", "default")
    assert shown["links"] == ('{"device":"context.device.id"}', "default")
    assert '"score":"max"' in shown["policies"][0]


def test_secrets_are_environment_only_and_never_shown() -> None:
    environ = {"ONEFOLD_WRITE_KEY": "wk_hush", "ONEFOLD_MASTER_KEY": "hush"}
    shown = explain(None, environ, {})
    assert "hush" not in repr(shown) + repr(load_config(None, environ, {}))
    assert [setting.value for setting in shown[-3:]] == [
        "set (hidden)",
        "not set",
        "set (hidden)",
    ]


def test_a_configuration_travels_between_processes() -> None:
    config = load_config(toml("[links]\ncard = 'traits.card'"), {}, {})
    assert pickle.loads(pickle.dumps(config)) == config  # noqa: S301 - as Ray does


LINKS_OF_KUBERNETES = {
    "ONEFOLD_SERVICE_HOST": "10.0.0.7",
    "ONEFOLD_SERVICE_PORT": "8080",
    "ONEFOLD_SERVICE_PORT_HTTP": "8080",
    "ONEFOLD_PORT": "tcp://10.0.0.7:8080",
    "ONEFOLD_PORT_8080_TCP": "tcp://10.0.0.7:8080",
    "ONEFOLD_PORT_8080_TCP_PROTO": "tcp",
    "ONEFOLD_PORT_8080_TCP_PORT": "8080",
    "ONEFOLD_PORT_8080_TCP_ADDR": "10.0.0.7",
    "ONEFOLD_POSTGRES_SERVICE_HOST": "10.0.0.8",
    "ONEFOLD_POSTGRES_PORT": "tcp://10.0.0.8:5432",
    "ONEFOLD_POSTGRES_PORT_5432_TCP_ADDR": "10.0.0.8",
}
"""What Kubernetes puts into every container for services `onefold` and `onefold-postgres`."""


def test_what_kubernetes_says_of_its_services_is_no_setting() -> None:
    assert load_config(None, LINKS_OF_KUBERNETES, {}) == load_config(None, {}, {})
    (told,) = [
        finding
        for finding in examine(load_config(None, {}, {"port": 0}), LINKS_OF_KUBERNETES)
        if finding.checked == "environment"
    ]
    assert told.level == "warning"
    assert all(name in told.found for name in LINKS_OF_KUBERNETES)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ONEFOLD_SERVICE", "x"),
        ("ONEFOLD_PORT", "10.0.0.7:8080"),
        ("ONEFOLD_PORTS", "tcp://10.0.0.7:8080"),
        ("ONEFOLD_HOSTS", "tcp://10.0.0.7:8080"),
        ("ONEFOLD_PORT_HTTP_TCP", "tcp://10.0.0.7:8080"),
        ("ONEFOLD_SERVICE_HOSTS", "10.0.0.7"),
    ],
)
def test_nothing_else_of_the_environment_is_passed_over(name: str, value: str) -> None:
    assert name in refused(environ={name: value})
