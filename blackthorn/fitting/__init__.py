"""From timings to formulas: one dimension, then the hierarchy over several, then a whole device."""

from blackthorn.fitting.classes import full_speeds
from blackthorn.fitting.device import fit_device
from blackthorn.fitting.processes import usable_cpus

__all__ = ["fit_device", "full_speeds", "usable_cpus"]
