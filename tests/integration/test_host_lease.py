"""How long a server and its host take each other for alive."""

from __future__ import annotations

import pytest

from tests.integration._host_link import IdleHost
from tests.integration._servers import wait_for

STALL = 4  # s, longer than a lease usually lasts


@pytest.mark.parametrize(
    ("wanted", "lease"),
    [("10000", 10000), ("999", 3000), ("3600001", 3000), ("soon", 3000)],
)
def test_the_lease_is_an_argument_of_the_module(new_redis, wanted, lease):
    server = new_redis(arguments=("HostLease", wanted))
    assert IdleHost(server.client).attach()["lease_ms"] == lease
    assert ("HostLease is milliseconds" in server.log.read_text()) == (lease == 3000)


@pytest.mark.parametrize(
    ("arguments", "kept"), [((), False), (("HostLease", "60000"), True)]
)
def test_a_server_that_stalls_keeps_its_host(new_redis, new_host, arguments, kept):
    server = new_redis(arguments=arguments)
    host = new_host(server)
    fence = server.status()["host"]["fence"]
    server.client.execute_command("DEBUG", "SLEEP", STALL)
    wait_for(lambda: server.status()["host"]["attached"], what="a host is attached")
    assert server.execute("1 + 1") == "OK", host.text()
    assert (server.status()["host"]["fence"] == fence) == kept
