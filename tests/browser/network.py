"""Network namespaces for one appliance and its clients: nothing in them reaches the machine's network.

The appliance's namespace has its address on its loopback and one veth a client. Every namespace counts what it
sends to any other address than those of this network; the default routes lead into it, so that such a packet is sent
rather than refused for lack of a route.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from types import TracebackType

import pytest

__all__ = ["IPV4", "IPV6", "Namespace", "Network", "Plan"]


@dataclass(frozen=True)
class Plan:
    """Which addresses a network gives: one to the appliance, and one in a subnet of its own to each client."""

    server: str
    subnet: str
    length: int
    host: int
    # What each end of a client's veth has besides: IPv6 asks for a neighbour from such an address only.
    link_local: tuple[str, str] | None = None

    def subnet_of(self, client: int) -> str:
        return f"{self.subnet.format(client, 0)}/{self.length}"

    @property
    def ip(self) -> tuple[str, str]:
        """The command that sets addresses and routes of this kind."""
        return ("ip", "-4" if self.link_local is None else "-6")

    @property
    def whole(self) -> int:
        """The length of one address."""
        return 32 if self.link_local is None else 128

    def address_of(self, client: int) -> str:
        return f"{self.subnet.format(client, self.host)}/{self.length}"


IPV4 = Plan("10.77.0.1", "10.77.{}.{}", 24, 2)
IPV6 = Plan("fd77::1", "fd77:0:0:{:x}::{:x}", 64, 2, ("fe80::1", "fe80::2"))
_OURS = "10.77.0.0/16"
_OURS6 = "fd77::/16"
# TEST-NET-1 (RFC 5737): an address of nobody.
_ELSEWHERE = "192.0.2.1"

_COUNTING = f"""
table inet conclave_test {{
  counter elsewhere {{ }}
  # Where it went, for a failure's message.
  set places {{ typeof ip daddr . meta l4proto . th dport; flags dynamic; size 256; }}
  chain sent {{
    type filter hook output priority 0;
    ip daddr {{ {_OURS}, 127.0.0.0/8 }} accept
    ip6 daddr {{ {_OURS6}, ::1 }} accept
    # How neighbours find one another.
    ip6 daddr {{ fe80::/10, ff02::/16 }} meta l4proto ipv6-icmp accept
    # The kernel's own announcement of multicast groups, which no router passes on.
    ip daddr 224.0.0.22 ip protocol igmp accept
    # A browser that may not use the camera tells a name in place of its address, which it looks after on its own link
    # (multicast DNS, RFC 6762); no router passes that on either.
    ip daddr 224.0.0.251 udp dport 5353 accept
    add @places {{ ip daddr . meta l4proto . th dport }}
    counter name elsewhere
  }}
}}
"""

_CUTTING = """
table inet conclave_cut {
  chain sent {
    type filter hook output priority 0;
    oifname != "lo" drop
  }
  chain received {
    type filter hook input priority 0;
    iifname != "lo" drop
  }
}
"""

_BLOCKING = """
table inet conclave_udp {
  counter blocked { }
  chain sent {
    type filter hook output priority 0;
    oifname != "lo" meta l4proto udp counter name blocked drop
  }
  chain received {
    type filter hook input priority 0;
    iifname != "lo" meta l4proto udp counter name blocked drop
  }
}
"""

_PASSING = """
table inet conclave_web {{
  chain sent {{
    type filter hook output priority 0;
    oifname != "lo" tcp dport != {port} drop
    oifname != "lo" meta l4proto udp drop
  }}
}}
"""


class Namespace:
    """One network namespace, alive as long as its holder."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._holder = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != "up\n":
            pytest.fail("a network namespace could not be made: these tests run as root")
        self.pid = self._holder.pid
        self.run("nft", "-f", "-", stdin=_COUNTING)

    @property
    def prefix(self) -> list[str]:
        """What starts a command in this namespace."""
        return ["nsenter", f"--target={self.pid}", "--net", "--"]

    def run(self, *command: str, stdin: str = "") -> str:
        """Runs a command to its end. Raises CalledProcessError when it fails."""
        done = subprocess.run(
            [*self.prefix, *command], input=stdin, capture_output=True, text=True, check=False, timeout=30
        )
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
        return done.stdout

    def sent_elsewhere(self) -> int:
        """How many packets this namespace has sent to addresses outside the test's network."""
        listing = json.loads(self.run("nft", "--json", "list", "counter", "inet", "conclave_test", "elsewhere"))
        (packets,) = (entry["counter"]["packets"] for entry in listing["nftables"] if "counter" in entry)
        return int(packets)

    def places(self) -> list[object]:
        """Where those packets went: address, protocol and port."""
        listing = json.loads(self.run("nft", "--json", "list", "set", "inet", "conclave_test", "places"))
        (elements,) = (entry["set"].get("elem", []) for entry in listing["nftables"] if "set" in entry)
        return list(elements)

    def send_one_elsewhere(self) -> None:
        """Plants one packet that the counter must see."""
        self.run("bash", "-c", f"echo planted >/dev/udp/{_ELSEWHERE}/9")

    def lose(self, percent: int, source_port: int) -> None:
        """From now on drops this share of the UDP packets that arrive from a port; 0 for none."""
        self._lose(percent, "input", f"sport {source_port}")

    def lose_sent(self, percent: int, destination_port: int) -> None:
        """From now on drops this share of the UDP packets that leave for a port; 0 for none."""
        self._lose(percent, "output", f"dport {destination_port}")

    def _lose(self, percent: int, hook: str, which: str) -> None:
        self.run("nft", "-f", "-", stdin="table inet conclave_loss { }\ndelete table inet conclave_loss\n")
        if percent:
            self.run("nft", "-f", "-", stdin=_losing(percent, hook, which))

    def lost(self) -> int:
        """How many packets `lose` or `lose_sent` has dropped since it was called."""
        listing = json.loads(self.run("nft", "--json", "list", "counter", "inet", "conclave_loss", "lost"))
        (packets,) = (entry["counter"]["packets"] for entry in listing["nftables"] if "counter" in entry)
        return int(packets)

    def block_udp(self) -> None:
        """From now on drops every UDP packet that leaves or arrives, as strict networks do."""
        self.run("nft", "-f", "-", stdin=_BLOCKING)

    def allow_udp(self) -> None:
        """Undoes `block_udp`."""
        self.run("nft", "-f", "-", stdin="table inet conclave_udp { }\ndelete table inet conclave_udp\n")

    def blocked(self) -> int:
        """How many packets `block_udp` has dropped."""
        listing = json.loads(self.run("nft", "--json", "list", "counter", "inet", "conclave_udp", "blocked"))
        (packets,) = (entry["counter"]["packets"] for entry in listing["nftables"] if "counter" in entry)
        return int(packets)

    def pass_only(self, port: int) -> None:
        """From now on lets a client send to this TCP port alone, as networks do that know nothing but the web."""
        self.run("nft", "-f", "-", stdin=_PASSING.format(port=port))

    def pass_all(self) -> None:
        """Undoes `pass_only`."""
        self.run("nft", "-f", "-", stdin="table inet conclave_web { }\ndelete table inet conclave_web\n")

    def cut(self) -> None:
        """From now on drops everything that leaves or arrives, and tells nobody."""
        self.run("nft", "-f", "-", stdin=_CUTTING)

    def mend(self) -> None:
        """Undoes `cut`."""
        self.run("nft", "-f", "-", stdin="table inet conclave_cut { }\ndelete table inet conclave_cut\n")

    def narrow(self, kilobits: int) -> None:
        """From now on sends at most this many kilobits a second; queues for 400 ms, then drops."""
        rate = f"{kilobits}kbit"
        self.run(
            "tc", "qdisc", "replace", "dev", "uplink", "root", "tbf", "rate", rate, "burst", "3kb", "latency", "400ms"
        )

    def widen(self) -> None:
        """Undoes `narrow`."""
        self.run("tc", "qdisc", "del", "dev", "uplink", "root")

    def address(self) -> str:
        """The address of a client's one interface."""
        return self._interface()[1]

    def move(self) -> None:
        """Gives a client another address, as another network would: the old one is gone."""
        kind, before, length = self._interface()
        (route,) = json.loads(self.run("ip", kind, "-json", "route", "show", "default"))
        # IPv4's default route goes with the last address.
        via = ("via", route["gateway"]) if "gateway" in route else ()
        sure = ("nodad",) if kind == "-6" else ()
        self.run("ip", "address", "del", f"{before}/{length}", "dev", "uplink")
        self.run("ip", "address", "add", f"{ip_address(before) + 1}/{length}", "dev", "uplink", *sure)
        self.run("ip", kind, "route", "replace", "default", *via, "dev", "uplink")

    def _interface(self) -> tuple[str, str, int]:
        """The kind of the client's address as `ip` takes it, the address itself, and the length of its subnet."""
        (interface,) = json.loads(self.run("ip", "-json", "address", "show", "dev", "uplink"))
        (found,) = (each for each in interface["addr_info"] if each["scope"] == "global")
        kind = "-4" if found["family"] == "inet" else "-6"
        return kind, str(found["local"]), int(found["prefixlen"])

    def close(self) -> None:
        """Ends the holder; the kernel removes the namespace with its last process."""
        assert self._holder.stdin is not None and self._holder.stdout is not None
        self._holder.stdin.close()
        self._holder.stdout.close()
        self._holder.wait(timeout=10)


class Network:
    """The appliance's namespace and those of its clients, made as they are asked for."""

    def __init__(self, plan: Plan = IPV4) -> None:
        self.plan = plan
        self.server = Namespace("server")
        self._add_address(self.server, f"{plan.server}/{plan.whole}", "lo")
        self._clients: list[Namespace] = []

    @property
    def namespaces(self) -> Sequence[Namespace]:
        return [self.server, *self._clients]

    def add_client(self, name: str) -> Namespace:
        """A namespace with one interface, whose only neighbour is the appliance."""
        client = Namespace(name)
        number = len(self._clients) + 1
        self._clients.append(client)
        plan, device = self.plan, f"client{number}"
        self.server.run("ip", "link", "add", device, "type", "veth", "peer", "name", "uplink", "netns", str(client.pid))
        # A link-local address that comes a second later is a change of network, which makes Chromium drop its requests.
        self.server.run("ip", "link", "set", device, "addrgenmode", "none", "up")
        client.run("ip", "link", "set", "uplink", "addrgenmode", "none")
        self._add_address(client, plan.address_of(number), "uplink")
        if plan.link_local is not None:
            self._add_address(self.server, f"{plan.link_local[0]}/64", device)
            self._add_address(client, f"{plan.link_local[1]}/64", "uplink")
        client.run("ip", "link", "set", "uplink", "up")
        self.server.run(*plan.ip, "route", "add", plan.subnet_of(number), "dev", device, "src", plan.server)
        # Nobody answers for an address of the loopback's where IPv6 asks for its neighbour.
        via = () if plan.link_local is None else ("via", plan.link_local[0])
        client.run(*plan.ip, "route", "add", "default", *via, "dev", "uplink")
        if number == 1:
            self.server.run(*plan.ip, "route", "add", "default", "dev", device)
        return client

    def _add_address(self, namespace: Namespace, address: str, device: str) -> None:
        # Usable at once, without asking first whether another host has it.
        sure = () if self.plan.link_local is None else ("nodad",)
        namespace.run(*self.plan.ip, "address", "add", address, "dev", device, *sure)

    def __enter__(self) -> Network:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for namespace in reversed(self.namespaces):
            namespace.close()


def _losing(percent: int, hook: str, which: str) -> str:
    return f"""
table inet conclave_loss {{
  counter lost {{ }}
  chain losing {{
    type filter hook {hook} priority 0;
    udp {which} numgen random mod 100 < {percent} counter name lost drop
  }}
}}
"""
