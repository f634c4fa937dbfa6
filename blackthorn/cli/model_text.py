"""A fitted model as a whole, for people and for programs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from blackthorn.cli.formula_text import class_json, class_latex, class_lines, class_title
from blackthorn.records import CachedWeights, FittedModel


def model_lines(path: Path, model: FittedModel) -> Iterator[str]:
    """Device and date, then every formula."""
    device = model.device
    yield f"{device.name} ({path})"
    yield f"{device.hardware}; {device.runner}, {device.threads} thread{'s' if device.threads > 1 else ''}"
    yield f"fitted {model.created_at} by {model.made_by}"
    if model.cached is not None:
        yield f"caches keep {_kept_text(model.cached)}"
    for group in model.layers:
        yield ""
        yield from class_lines(group)


def _kept_text(cached: CachedWeights) -> str:
    """`100 % of 2 MiB, 41 % of 8 MiB of a network's weights from call to call`."""
    shares = zip(cached.footprints, cached.kept, strict=True)
    told = [f"{100 * share:.0f} % of {footprint / 2**20:g} MiB" for footprint, share in shares]
    return f"{', '.join(told)} of a network's weights from call to call"


def model_latex(model: FittedModel) -> Iterator[str]:
    """Every formula in milliseconds as displayed LaTeX, its class in a comment above."""
    for group in model.layers:
        yield f"% {class_title(group)}"
        yield rf"\[ t_{{\mathrm{{ms}}}} = {class_latex(group)} \]"


def model_json(path: Path, model: FittedModel) -> dict[str, Any]:
    """A fitted model for programs."""
    return {
        "file": str(path),
        "device": model.device.name,
        "hardware": model.device.hardware,
        "runner": model.device.runner,
        "threads": model.device.threads,
        "created_at": model.created_at,
        "made_by": model.made_by,
        "cached_weights": None if model.cached is None else msgspec.to_builtins(model.cached),
        "classes": [class_json(group) for group in model.layers],
    }
