"""The report on more and more hosts."""

from rich.console import Console

from scripts.bench_hosts import HostsReport, hosts_as_json, show_hosts
from scripts.bench_report import Measured


def measured(rate: float) -> Measured:
    return Measured("batches of 100", 1_000, rate, 16, p50_ms=10, p99_ms=20, cpu_us_per_call=100)


REPORT = HostsReport(
    {1: measured(1_000), 2: measured(1_500), 4: measured(900)},
    {1: 20.0, 2: 21.0, 4: 22.0},
    {"cores": "2"},
    "scripts/bench",
)


def test_a_change_is_told_against_the_fewest_hosts() -> None:
    assert [round(REPORT.change(hosts), 3) for hosts in (1, 2, 4)] == [0, 0.5, -0.1]
    assert hosts_as_json(REPORT)["change"] == {"1": 0.0, "2": 0.5, "4": -0.1}


def test_people_are_shown_each_number_of_hosts() -> None:
    console = Console(width=100)
    with console.capture() as shown:
        show_hosts(REPORT, console)
    assert "1,500" in shown.get()
    assert "-10%" in shown.get()
