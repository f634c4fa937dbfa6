"""Choosing the next point to measure: ask and tell, and every score a plain function."""

from blackthorn.selection.base import AxisPoint, Progress, Selector

__all__ = ["AxisPoint", "Progress", "Selector"]
