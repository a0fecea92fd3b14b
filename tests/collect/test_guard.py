"""The address guard: what is public, what is allowed, and that it cannot be talked round."""

import ipaddress
import socket
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.collect.guard import ForbiddenAddressError, Guard, is_public

PRIVATE_NETWORKS = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
]
PRIVATE_NETWORKS_V6 = [
    "::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/32",
    "2001:db8::/32",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
]
private_v4 = st.sampled_from(PRIVATE_NETWORKS).flatmap(lambda net: st.ip_addresses(network=net))
private_v6 = st.sampled_from(PRIVATE_NETWORKS_V6).flatmap(lambda net: st.ip_addresses(network=net))


def carried(ip: ipaddress.IPv4Address) -> list[str]:
    """Write an IPv4 address in the IPv6 forms that carry one: mapped, NAT64 and 6to4."""
    return [
        f"::ffff:{ip}",
        str(ipaddress.IPv6Address((0x64FF9B << 96) | int(ip))),
        str(ipaddress.IPv6Address((0x2002 << 112) | (int(ip) << 80) | 1)),
    ]


@given(private_v4 | private_v6)
def test_no_special_address_is_public(ip: ipaddress.IPv4Address | ipaddress.IPv6Address):
    """Loopback, private, link-local, multicast, documentation and reserved ranges are refused."""
    assert not is_public(str(ip))


@given(private_v4)
def test_no_disguise_makes_a_private_address_public(ip: ipaddress.IPv4Address):
    """An IPv4 address inside an IPv6 one is judged by itself."""
    assert [False] * 3 == [is_public(form) for form in carried(ip)]


@given(st.ip_addresses(v=4))
def test_disguises_agree_with_the_plain_address(ip: ipaddress.IPv4Address):
    """Public addresses stay public in every form, so a NAT64 network can be used."""
    assert [is_public(str(ip))] * 3 == [is_public(form) for form in carried(ip)]


@given(st.ip_addresses(v=6))
def test_public_ipv6_is_global_unicast(ip: ipaddress.IPv6Address):
    """Whatever is called public lies in what IANA gives out, or carries a public IPv4 address."""
    embedded = ip.ipv4_mapped or (ip if ip in ipaddress.IPv6Network("64:ff9b::/96") else None)

    assert not is_public(str(ip)) or embedded or ip in ipaddress.IPv6Network("2000::/3")


@pytest.mark.parametrize(
    ("address", "expected"),
    [("93.184.215.14", True), ("2606:4700::1111", True), ("fe80::1%eth0", False)],
)
def test_known_addresses(address: str, *, expected: bool):
    """Two public addresses are public, a link-local one with its zone is not."""
    assert expected == is_public(address)


def answers(*addresses: str):
    """Make a resolver that gives these addresses to every name."""
    return lambda *_, **__: [(socket.AF_INET, 1, 6, "", (each, 0)) for each in addresses]


@given(st.lists(st.ip_addresses(v=4), max_size=3), private_v4, st.randoms(use_true_random=False))
def test_one_private_address_among_many_is_enough(others, private, random):
    """A name with a private address anywhere in its list is refused, without connecting."""
    addresses = [str(ip) for ip in (*others, private)]
    random.shuffle(addresses)
    guard = Guard(resolve=answers(*addresses))

    with pytest.raises(ForbiddenAddressError, match=r"pics.example is .*, not a public address"):
        guard.addresses("pics.example", 443)


@pytest.mark.parametrize("port", [0, 22, 25, 6379, 8080])
def test_other_ports_are_refused_before_a_name_is_looked_up(port: int):
    """Only 80 and 443 are the web; nothing is resolved for others."""
    guard = Guard(resolve=lambda *_, **__: pytest.fail("looked up"))

    with pytest.raises(ForbiddenAddressError, match=f"^port {port}$"):
        guard.addresses("pics.example", port)


@pytest.mark.parametrize(
    ("entry", "host", "port", "expected"),
    [
        ("pics.example", "PICS.example.", 8080, True),
        ("pics.example:8080", "pics.example", 8080, True),
        ("pics.example:8080", "pics.example", 8081, False),
        ("pics.example", "evil.pics.example", 80, False),
        ("[::1]:8080", "::1", 8080, True),
        ("::1", "[::1]", 80, True),
    ],
)
def test_allow_hosts_name_a_host_exactly(entry: str, host: str, port: int, *, expected: bool):
    """Case and a trailing dot do not matter; subdomains and other ports do."""
    assert expected == Guard([entry]).allows(host, port)


def test_an_allowed_host_may_be_private():
    """An intranet host that params name is asked."""
    guard = Guard(["wiki.corp.example"], resolve=answers("10.1.2.3"))

    assert ["10.1.2.3"] == guard.addresses("wiki.corp.example", 8080)


def test_tries_the_next_address_when_one_does_not_answer():
    """A host with a dead and a live address is reached."""
    with socket.create_server(("127.0.0.1", 0)) as live:
        port = live.getsockname()[1]
        guard = Guard(["two.example"], resolve=answers("127.0.0.9", "127.0.0.1"))

        with guard.connect("two.example", port, timeout_s=2) as connection:
            assert ("127.0.0.1", port) == connection.getpeername()


def test_all_addresses_share_one_deadline(monkeypatch: pytest.MonkeyPatch):
    """Each gets what the ones before have left; the last ones a moment, never less than nothing."""
    waits: list[float] = []

    def silent(_address: object, timeout_s: float, **_: object) -> None:
        waits.append(timeout_s)
        raise TimeoutError("silent")

    clock = SimpleNamespace(monotonic=iter([10.0, 10.1, 10.7, 15.0]).__next__)
    monkeypatch.setattr("pipeline.collect.guard.time", clock)
    monkeypatch.setattr("pipeline.collect.guard.create_connection", silent)
    guard = Guard(resolve=answers("1.1.1.1", "1.1.1.2", "1.1.1.3"))

    with pytest.raises(TimeoutError, match="silent"):
        guard.connect("slow.example", 80, timeout_s=1)
    assert [0.9, 0.3, 0.001] == pytest.approx(waits)


def test_what_the_look_up_says_is_heard_at_once():
    """Not only once the time for it is over: nobody waits for a name that does not exist."""

    def unknown(*_: object, **__: object) -> list[tuple[object, ...]]:
        raise socket.gaierror("no such name")

    with pytest.raises(socket.gaierror, match="no such name"):
        Guard(resolve=unknown).addresses("none.example", 80, timeout_s=2)


def test_a_name_without_addresses_does_not_resolve():
    """An empty answer is an error of name resolution, like none."""
    with pytest.raises(socket.gaierror):
        Guard(resolve=answers()).connect("none.example", 80, timeout_s=1)
