"""What trtexec tells of the GPU: in its log, or in the JSON that NVIDIA's engine explorer makes of that."""

from pathlib import Path
from typing import Any

from blackthorn.importing.decoding import decoded
from blackthorn.importing.imported import Machine
from blackthorn.runners.trtexec_log import SELECTED, details_of, told_by, version_told_by


def machine_of_log(text: str) -> Machine:
    """What a log of trtexec tells."""
    told, version = told_by(text), version_told_by(text)
    return Machine(told.get(SELECTED, ""), {"tensorrt": version} if version else {}, details_of(told))


def machine_of_metadata(text: str, path: Path) -> Machine:
    """What the engine explorer's JSON of a log tells.

    Raises:
        BadFile: it is no JSON object.
    """
    sections = decoded(text, dict[str, Any], path, "what trtexec tells of a GPU")
    inner = [section for section in sections.values() if isinstance(section, dict)]
    told = {str(name): str(value) for section in inner for name, value in section.items()}
    return Machine(told.get(SELECTED, ""), {}, details_of(told))
