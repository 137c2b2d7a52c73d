"""The view of `conclave meeting stats`: one line a connection, one a stream, rates since the last answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from conclave.v1 import statistics_pb2, webrtc_stats_pb2

__all__ = ["StatisticsView", "follow_live"]

Participant = statistics_pb2.ParticipantStats
UNKNOWN = "–"


class StatisticsView:
    """What is known of a meeting's media; names: of participants by id."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._before: dict[str, Participant] = {}
        self._now: dict[str, Participant] = {}

    def take(self, stats: statistics_pb2.MeetingStats) -> None:
        """Takes one answer; rates are those since the one before."""
        self._before, self._now = self._now, {each.participant_id: each for each in stats.participants}

    def render(self) -> Group | str:
        """The view as it is now."""
        if not self._now:
            return "Nobody has media."
        paths = Table("Person", "Path", "Round trip", "Bears", "Sends", "Receives", box=None, pad_edge=False)
        streams = Table("Person", "Stream", "Bitrate", "Packets", "Lost", "Jitter", "Again", "Frames", box=None)
        streams.pad_edge = False
        for participant_id, now in self._now.items():
            before = self._before.get(participant_id, Participant())
            self._add_path(paths, before, now)
            self._add_streams(streams, before, now)
        for table in (paths, streams):
            for column in table.columns[2:]:
                column.justify = "right"
        return Group(paths, "", streams)

    def _add_path(self, table: Table, before: Participant, now: Participant) -> None:
        pair, seconds = now.candidate_pair, _seconds(before, now)
        path = f"{pair.protocol}, {now.transport.srtp_cipher.removeprefix('SRTP_')}" if pair.protocol else UNKNOWN
        if now.transport.ice_state != "connected":
            path = now.transport.ice_state
        table.add_row(
            self._name(now.participant_id),
            path,
            _milliseconds(pair.current_round_trip_time),
            _rate(pair.available_outgoing_bitrate),
            _bitrate(before.transport.bytes_received, now.transport.bytes_received, seconds),
            _bitrate(before.transport.bytes_sent, now.transport.bytes_sent, seconds),
        )

    def _add_streams(self, table: Table, before: Participant, now: Participant) -> None:
        seconds = _seconds(before, now)
        name = self._name(now.participant_id)
        in_before = {stream.ssrc: stream for stream in before.inbound_rtp}
        for inbound in now.inbound_rtp:
            last = in_before.get(inbound.ssrc, webrtc_stats_pb2.InboundRtpStats())
            layer = f" {inbound.rid}" if inbound.rid else ""
            table.add_row(
                name,
                f"↑ {_kind(inbound.source_id)}{layer}",
                _bitrate(last.bytes_received, inbound.bytes_received, seconds),
                str(inbound.packets_received),
                str(inbound.packets_lost),
                _milliseconds(inbound.jitter),
                str(inbound.retransmitted_packets_received),
                _frames(last.frames_received, inbound.frames_received, seconds, inbound.kind),
            )
        out_before = {stream.ssrc: stream for stream in before.outbound_rtp}
        reported = {remote.ssrc: remote for remote in now.remote_inbound_rtp}
        for outbound in now.outbound_rtp:
            sent = out_before.get(outbound.ssrc, webrtc_stats_pb2.OutboundRtpStats())
            remote = reported.get(outbound.ssrc)
            owner = self._name(outbound.source_id.partition("/")[0]) if outbound.source_id else ""
            shown = f"{_kind(outbound.source_id)} of {owner}" if owner else f"empty ({outbound.kind})"
            table.add_row(
                name,
                f"↓ {shown}",
                _bitrate(sent.bytes_sent, outbound.bytes_sent, seconds),
                str(outbound.packets_sent),
                str(remote.packets_lost) if remote else UNKNOWN,
                _milliseconds(remote.jitter) if remote else UNKNOWN,
                str(outbound.retransmitted_packets_sent),
                _frames(sent.frames_sent, outbound.frames_sent, seconds, outbound.kind),
            )

    def _name(self, participant_id: str) -> str:
        return escape(self._names.get(participant_id, participant_id))


def follow_live(answers: Iterable[statistics_pb2.MeetingStats], view: StatisticsView, console: Console) -> None:
    """Draws the view anew with each answer, until there are no more; below each other where there is no terminal."""
    if not console.is_terminal:
        for answer in answers:
            view.take(answer)
            console.print(view.render())
        return
    with Live(console=console, auto_refresh=False) as live:
        for answer in answers:
            view.take(answer)
            live.update(view.render(), refresh=True)


def _seconds(before: Participant, now: Participant) -> float:
    """Between two answers; 0 for the first."""
    return (now.timestamp - before.timestamp) / 1000 if before.timestamp else 0.0


def _bitrate(before: int, now: int, seconds: float) -> str:
    # A connection that was made anew counts from 0 again.
    return _rate(8 * (now - before) / seconds) if seconds and now >= before else UNKNOWN


def _rate(bits_per_second: float) -> str:
    if not bits_per_second:
        return UNKNOWN
    return f"{bits_per_second / 1e6:.2f} Mbit/s" if bits_per_second >= 1e6 else f"{bits_per_second / 1e3:.0f} kbit/s"


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms" if seconds else UNKNOWN


def _frames(before: int, now: int, seconds: float, kind: str) -> str:
    return f"{(now - before) / seconds:.0f}/s" if kind == "video" and seconds and now >= before else UNKNOWN


def _kind(source_id: str) -> str:
    return source_id.partition("/")[2].replace("_", " ")
