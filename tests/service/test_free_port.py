import socket

import pytest

from service.readiness import PortTaken, free_port


def test_a_free_port_is_none_that_the_kernel_gives_to_others_meanwhile() -> None:
    assert all(20_000 <= free_port("127.0.0.1", 0) < 32_000 for _ in range(20))


def test_a_port_that_somebody_listens_on_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Expected port {port} of 127.0.0.1 to be free"):
            free_port("127.0.0.1", port)
