"""What trtexec says when it fails, as one sentence with a remedy."""

import re
from collections.abc import Callable
from typing import NamedTuple

from blackthorn.errors import BlackthornError, NotMeasured

PARSED_NODE = re.compile(r"[Ww]hile parsing node number (?P<number>\d+) \[(?P<operator>\w+)(?: -> \"(?P<output>[^\"]*)\")?")
NODE_NAME = re.compile(r"^(?:name: \"(?P<name>[^\"]+)\"|Invalid Node - (?P<invalid>.+))$", re.MULTILINE)
REASON = re.compile(r"(?:ERROR: |\[E\] (?:\[TRT\] )?(?:\w+\.cpp:\d+: )?ERROR: )(?P<reason>.+)")
COMPLAINT = re.compile(r"\[E\] (?:\[TRT\] )?(?P<text>.+)")
LIBRARY = re.compile(r"error while loading shared libraries: (?P<library>[^:\s]+)")
OPTION = re.compile(r"[Uu]nknown option: (?P<option>\S+)")


class Rule(NamedTuple):
    """What text means that something is wrong, the sentence about it, and whether another probe may fare better."""

    text: re.Pattern[str]
    problem: str
    remedy: str
    only_here: bool = False


RULES = (
    Rule(
        re.compile(r"driver version is insufficient|CUDA initialization failure with error: 35\b", re.IGNORECASE),
        "the NVIDIA driver is older than TensorRT needs",
        "update the driver, or use the TensorRT that came with this system",
    ),
    Rule(
        re.compile(
            r"no CUDA-capable device|CUDA initialization failure with error: 100\b|invalid device ordinal", re.IGNORECASE
        ),
        "trtexec finds no NVIDIA GPU",
        "check it with nvidia-smi; in a container, start that with --gpus all or --runtime nvidia",
    ),
    Rule(
        re.compile(r"CUDA initialization failure|libcuda\.so|unable to determine GPU memory", re.IGNORECASE),
        "trtexec cannot reach the NVIDIA driver",
        "check it with nvidia-smi; in a container, start that with --gpus all or --runtime nvidia",
    ),
    Rule(
        re.compile(r"out of memory|OutOfMemory|insufficient memory|Requested amount of GPU memory", re.IGNORECASE),
        "there is not enough memory to build or run {title} on the GPU",
        "close other programs, or leave such large points out with --range",
        only_here=True,
    ),
    Rule(
        re.compile(r"Could not find any implementation for node", re.IGNORECASE),
        "TensorRT has no kernel for {title}",
        "leave this point out, or try the other --precision",
        only_here=True,
    ),
)


def complaint(output: str, code: int, title: str) -> BlackthornError:
    """The error that a failed run of trtexec is.

    Args:
        output: all that it printed.
        code: its exit status; negative where a signal ended it.
        title: what it was to run.

    Returns:
        `NotMeasured` where only this probe fails, `BlackthornError` where none can be timed.
    """
    for find in (_library, _option, _parser):
        found = find(output, title)
        if found is not None:
            return found
    for rule in RULES:
        if rule.text.search(output):
            kind: Callable[[str, str], BlackthornError] = NotMeasured if rule.only_here else BlackthornError
            return kind(rule.problem.format(title=title), rule.remedy)
    said = [match["text"].strip() for match in COMPLAINT.finditer(output)]
    ended = f"ended by signal {-code}" if code < 0 else f"exit status {code}"
    problem = f"trtexec failed on {title} ({said[0].rstrip('.') if said else ended})"
    return NotMeasured(problem, "run the sweep with -vv to see all that trtexec said")


def _library(output: str, _title: str) -> BlackthornError | None:
    found = LIBRARY.search(output)
    if found is None:
        return None
    problem = f"trtexec lacks the library {found['library']}"
    return BlackthornError(problem, "install the whole of TensorRT, or add the library's folder to LD_LIBRARY_PATH")


def _option(output: str, _title: str) -> BlackthornError | None:
    found = OPTION.search(output)
    if found is None:
        return None
    return BlackthornError(f"this trtexec does not know {found['option']}", "use one of TensorRT 8.5 to 11")


def _parser(output: str, title: str) -> BlackthornError | None:
    """A node that TensorRT's parser does not take, by its name where that is told, and what it says of it."""
    node = PARSED_NODE.search(output)
    if node is None:
        return None
    named, reason = NODE_NAME.search(output), REASON.search(output)
    name = (named["name"] or named["invalid"]).strip() if named else node["output"] or f"number {node['number']}"
    why = f": {reason['reason'].strip().rstrip('.')}" if reason else ""
    problem = f"TensorRT cannot read the node '{name}' ({node['operator']}) of {title}{why}"
    return NotMeasured(problem, "leave this layer out, or use a newer TensorRT")
