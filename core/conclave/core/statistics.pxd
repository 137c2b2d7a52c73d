"""A leg's counters and a router's pools as Python reads them, in the thread that gives the commands (L6).

The worker goes on counting meanwhile: each figure is one that was true, all of them together need not be of one moment.
"""
from conclave.core.leg cimport Leg
from conclave.core.router cimport Router

cdef object measure_leg(const Leg *leg)         # a LegMeasures
cdef dict measure_pools(const Router *router)   # by name: (entries in use, entries in all)
