"""Which layers of a picture anybody wants. No input or output; time is an argument, in nanoseconds."""

from __future__ import annotations

from collections.abc import Set

__all__ = ["EVERY_LAYER", "Demand", "LayerDemand"]

# Of a source with fewer layers, the client sends its largest for those that it has not.
EVERY_LAYER = frozenset(range(3))
# A page that is laid out anew, or a tab that is left for a moment, wants the same layers again shortly.
LINGER_NS = 5_000_000_000


class LayerDemand:
    """Which layers of one source are to be sent: what is wanted at once, what is wanted no more a while longer."""

    def __init__(self, now_ns: int) -> None:
        self._wants: dict[str, frozenset[int]] = {}
        self._lapse_ns = [now_ns + LINGER_NS] * len(EVERY_LAYER)
        self._told: frozenset[int] | None = None

    def begin(self, now_ns: int) -> None:
        """The source is sent anew, with all of its layers."""
        self._lapse_ns = [now_ns + LINGER_NS] * len(EVERY_LAYER)
        self._told = None

    def forget_told(self) -> None:
        """What was told may not have arrived."""
        self._told = None

    def want(self, viewer: str, layers: Set[int], now_ns: int) -> None:
        """Takes which layers a viewer wants from now on."""
        before = self.wanted
        if layers:
            self._wants[viewer] = frozenset(layers)
        else:
            self._wants.pop(viewer, None)
        for layer in before - self.wanted:
            self._lapse_ns[layer] = now_ns + LINGER_NS

    @property
    def wanted(self) -> frozenset[int]:
        """The layers that anybody wants now."""
        return frozenset().union(*self._wants.values())

    def poll(self, now_ns: int) -> frozenset[int] | None:
        """The layers to send, when they are others than those that were told last."""
        wanted = self.wanted
        sent = frozenset(layer for layer in EVERY_LAYER if layer in wanted or now_ns < self._lapse_ns[layer])
        if sent == self._told:
            return None
        self._told = sent
        return sent

    @property
    def settled(self) -> bool:
        """Whether polling tells nothing new until somebody wants something else."""
        return self._told == self.wanted


class Demand:
    """What is wanted of every source."""

    def __init__(self) -> None:
        self._sources: dict[str, LayerDemand] = {}
        # By viewer: the sources that it wants layers of.
        self._viewed: dict[str, set[str]] = {}
        # Those that are sent, and of these the ones of which there may be something to tell.
        self._sent: set[str] = set()
        self._unsettled: set[str] = set()

    def begin(self, sources: Set[str], now_ns: int) -> None:
        """These are sent from now on, with all of their layers."""
        for source in sources:
            self._source(source, now_ns).begin(now_ns)
        self._sent |= sources
        self._unsettled |= sources

    def end(self, sources: Set[str]) -> None:
        """These are not sent any more. What viewers want of them stays."""
        self._sent -= sources
        self._unsettled -= sources
        for source in sources & self._sources.keys():
            self._drop_unless_wanted(source)

    def forget_told(self, sources: Set[str]) -> None:
        """What was told of these may not have arrived."""
        for source in sources & self._sent:
            self._sources[source].forget_told()
            self._unsettled.add(source)

    def want(self, viewer: str, layers: dict[str, set[int]], now_ns: int) -> None:
        """Takes all that a viewer wants from now on: layers by source."""
        for source in self._viewed.pop(viewer, set()) | layers.keys():
            demand = self._source(source, now_ns)
            demand.want(viewer, layers.get(source, set()), now_ns)
            if source in self._sent:
                self._unsettled.add(source)
            else:
                self._drop_unless_wanted(source)
        if layers:
            self._viewed[viewer] = set(layers)

    def poll(self, now_ns: int) -> dict[str, frozenset[int]]:
        """The sources of which other layers are to be sent than were told last, and which."""
        changed = {}
        for source in list(self._unsettled):
            demand = self._sources[source]
            sent = demand.poll(now_ns)
            if sent is not None:
                changed[source] = sent
            if demand.settled:
                self._unsettled.discard(source)
        return changed

    def _drop_unless_wanted(self, source: str) -> None:
        if not self._sources[source].wanted:
            del self._sources[source]

    def _source(self, source: str, now_ns: int) -> LayerDemand:
        return self._sources.setdefault(source, LayerDemand(now_ns))
