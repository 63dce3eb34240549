"""The files for containers and clusters fit each other, the project and its program."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from actors.cluster import LIVELY
from service.config import SECRETS
from store.location import VARIABLE as STORE

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "docs" / "deploy"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
MANIFESTS = {name: list(yaml.safe_load_all((DEPLOY / name).read_text())) for name in
             ("kuberay.yaml", "rayservice.yaml")}  # fmt: skip

NEEDED = {STORE, "ONEFOLD_MASTER_KEY", "ONEFOLD_WRITE_KEY", "ONEFOLD_API_TOKEN"}
NEEDED |= {"ONEFOLD_RAY_ADDRESS", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN"}
"""What every process of a cluster must have in its environment."""


def version_of(package: str) -> str:
    found = re.search(rf"(?m)^{package}==(.+)$", (ROOT / "constraints.txt").read_text())
    assert found is not None
    return found[1]


def clusters() -> Iterator[dict[str, Any]]:
    for manifests in MANIFESTS.values():
        for manifest in manifests:
            if manifest["kind"] in {"RayCluster", "RayService"}:
                yield manifest["spec"].get("rayClusterConfig", manifest["spec"])


def containers() -> Iterator[dict[str, Any]]:
    """Every container that runs in a Ray cluster."""
    for cluster in clusters():
        for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
            yield from group["template"]["spec"]["containers"]


def commands() -> Iterator[list[str]]:
    """Every call of our program in the files, as words."""
    texts = [DOCKERFILE.replace('", "', " "), *map(str, COMPOSE["services"].values())]
    texts += [str(manifest) for manifests in MANIFESTS.values() for manifest in manifests]
    for text in texts:
        plain = text.replace("', '", " ")
        for call in re.findall(r"(?<![\w./-])onefold ((?:serve|store|cluster)[ a-z0-9.-]*)", plain):
            yield call.split()


def test_the_image_and_the_text_say_of_ray_what_we_say_to_our_own() -> None:
    tuning = (ROOT / "docs" / "cluster.md").read_text()
    for name, value in LIVELY.items():
        assert f"RAY_{name}={value}" in DOCKERFILE.split()
        assert re.search(rf"(?m)^\| `{name}` \| \d+ \| {value} \|", tuning), name


def test_everything_that_the_image_copies_is_there_and_let_in() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    copied = [
        source
        for line in re.findall(r"(?m)^COPY (?!--from)(.+)$", DOCKERFILE)
        for source in line.split()[:-1]
    ]
    assert {"pyproject.toml", "service"} <= set(copied)
    for source in copied:
        path = ROOT / source
        assert path.exists(), source
        assert f"!{source}{'/' if path.is_dir() else ''}" in ignored, source


def test_the_image_holds_what_the_wheel_holds() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    for package in packages:
        assert f"COPY {package} {package}\n" in DOCKERFILE
    assert (ROOT / "service" / "static" / "onefold.js").stat().st_size > 0


def test_nobody_in_a_container_is_root() -> None:
    last_stage = DOCKERFILE.split("\nFROM ")[-1]
    assert re.search(r"(?m)^USER 10001:10001$", last_stage)
    for cluster in clusters():
        for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
            assert group["template"]["spec"]["securityContext"]["runAsNonRoot"] is True


def test_every_service_of_the_compose_file_waits_for_one_that_can_be_waited_for() -> None:
    services = COMPOSE["services"]
    for name, service in services.items():
        for other, condition in service.get("depends_on", {}).items():
            assert other in services, name
            if condition["condition"] == "service_healthy":
                assert "test" in services[other]["healthcheck"], (name, other)
            else:
                assert services[other]["restart"] == "no", (name, other)


def test_the_compose_file_asks_for_the_secrets_of_its_example() -> None:
    asked = set(re.findall(r"\$\{(\w+):\?", (ROOT / "compose.yaml").read_text()))
    example = (DEPLOY / "example.env").read_text()
    assert asked == set(re.findall(r"(?m)^(\w+)=$", example))


def test_every_node_has_all_that_members_need() -> None:
    assert set(SECRETS) < NEEDED
    for name in ("ray-head", "ray-worker", "onefold"):
        assert set(COMPOSE["services"][name]["environment"]) >= NEEDED, name
    found = list(containers())
    assert len(found) == 6
    for container in found:
        assert {variable["name"] for variable in container["env"]} >= NEEDED


def test_no_secret_is_written_down() -> None:
    for container in containers():
        for variable in container["env"]:
            if variable["name"] in {STORE, "RAY_AUTH_TOKEN", *SECRETS}:
                assert "value" not in variable, variable["name"]


def test_manifests_name_the_version_of_ray_that_is_installed() -> None:
    for cluster in clusters():
        assert cluster["rayVersion"] == version_of("ray")


def test_the_operators_metrics_keep_off_our_port() -> None:
    """KubeRay's default for them is 8080 on every node."""
    for cluster in clusters():
        for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
            assert group["rayStartParams"]["metrics-export-port"] != "8080"


def test_the_service_and_the_budget_find_pods() -> None:
    kinds = {manifest["kind"]: manifest for manifest in MANIFESTS["kuberay.yaml"]}
    wanted = kinds["Service"]["spec"]["selector"]
    budget = kinds["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"]
    for cluster in clusters():
        for group in cluster["workerGroupSpecs"]:
            labels = group["template"]["metadata"]["labels"]
            assert labels.items() >= wanted.items()
            assert labels.items() >= budget.items()


@pytest.mark.slow
@pytest.mark.parametrize("words", sorted({tuple(words) for words in commands()}), ids=" ".join)
def test_every_command_in_the_files_is_one_that_we_have(words: tuple[str, ...]) -> None:
    depth = 1 if words[0] == "serve" else 2
    program = [sys.executable, "-c", "from service.cli import main; main()"]
    done = subprocess.run(
        [*program, *words[:depth], "--help"], capture_output=True, text=True, check=True
    )
    for option in words[depth:]:
        if option.startswith("--"):
            assert option in done.stdout
