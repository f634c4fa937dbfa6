"""A fitted model as a whole, for people and for programs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from blackthorn.cli.formula_text import class_json, class_latex, class_lines, class_title
from blackthorn.records import FittedModel


def model_lines(path: Path, model: FittedModel) -> Iterator[str]:
    """Device and date, then every formula."""
    device = model.device
    yield f"{device.name} ({path})"
    yield f"{device.hardware}; {device.runner}, {device.threads} thread{'s' if device.threads > 1 else ''}"
    yield f"fitted {model.created_at} by {model.made_by}"
    for group in model.layers:
        yield ""
        yield from class_lines(group)


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
        "classes": [class_json(group) for group in model.layers],
    }
