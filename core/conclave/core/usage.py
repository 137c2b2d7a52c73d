"""What this process uses of its machine, asked of the kernel without opening a file (L8)."""

from __future__ import annotations

import resource
import time

from conclave.core.measures import ProcessUsage

__all__ = ["UsageMeter"]


class UsageMeter:
    """Tells CPU time and memory of the process since it was made."""

    def __init__(self) -> None:
        self._start_time_s = time.time()

    def __call__(self) -> ProcessUsage:
        """What has been used until now."""
        # getrusage(2): in KiB.
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return ProcessUsage(self._start_time_s, time.process_time(), peak)
