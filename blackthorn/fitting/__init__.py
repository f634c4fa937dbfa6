"""From timings to formulas: one dimension, then the hierarchy over several, then a whole device."""

from blackthorn.fitting.device import LayerClass, fit_class, fit_device, full_speeds

__all__ = ["LayerClass", "fit_class", "fit_device", "full_speeds"]
