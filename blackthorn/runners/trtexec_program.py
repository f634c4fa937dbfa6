"""The program trtexec: where it is, which options it knows, and one run of it.

Options differ between TensorRT 8.5 and 11; what a version knows its own help tells, so nothing here asks for versions.
"""

import logging
import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from blackthorn.errors import BlackthornError, NotMeasured
from blackthorn.records import Precision
from blackthorn.runners.trtexec_complaints import complaint
from blackthorn.runners.trtexec_log import version_told_by

log = logging.getLogger(__name__)

NAME = "trtexec"
USUAL_PLACES = tuple(Path(place) / NAME for place in ("/usr/src/tensorrt/bin", "/opt/tensorrt/bin", "/usr/local/tensorrt/bin"))
HELP_SECONDS = 60.0
"""How long the help may take: loading TensorRT's libraries from the card of a small board takes tens of seconds."""
HELP_LINE = re.compile(r"^\s*(--\w+)", re.MULTILINE)
WORKSPACE_MIB = 1024
"""Memory that a kernel may use beside its tensors, in MiB: bounded, or a small board runs out of it."""


def find_program() -> Path | None:
    """Where trtexec is: on the path, or where packages of NVIDIA put it; None where it is not."""
    found = shutil.which(NAME)
    return Path(found) if found else next((place for place in USUAL_PLACES if place.is_file()), None)


class TrtexecProgram:
    """trtexec.

    Args:
        path: the program.
        time_limit: seconds after which a run is stopped; building an engine takes most of them.
    """

    def __init__(self, path: Path, time_limit: float) -> None:
        self._path = path
        self._time_limit = time_limit

    @cached_property
    def _help(self) -> str:
        return self._output(["--help"], "its help", HELP_SECONDS)

    @cached_property
    def _options(self) -> frozenset[str]:
        """What the lines of its help begin with; further on they speak of options that a version may not have any more."""
        return frozenset(HELP_LINE.findall(self._help))

    @property
    def version(self) -> str:
        """The version of TensorRT, such as `10.6.0`; empty where it does not tell."""
        return version_told_by(self._help)

    def knows(self, option: str) -> bool:
        """Whether it has an option, written as `--fp16`."""
        return option in self._options

    def building(self, precision: Precision, timing_cache: Path, *, of_bytes: bool) -> list[str]:
        """Options of a build.

        Strong typing takes number formats from the model. It has an option since TensorRT 9, and is all that 11 has; before,
        options allow half precision and 8 bits.

        Args:
            precision: number format of the model's fractions.
            timing_cache: file in which TensorRT keeps how fast its kernels were.
            of_bytes: the model holds numbers of 8 bits.
        """
        allowed = [] if self.knows("--stronglyTyped") else [*_given("--fp16", precision == "fp16"), *_given("--int8", of_bytes)]
        pool = {"--memPoolSize": f"workspace:{WORKSPACE_MIB}", "--workspace": str(WORKSPACE_MIB)}
        memory = next((f"{option}={size}" for option, size in pool.items() if self.knows(option)), None)
        return [
            *self._known("--stronglyTyped", *allowed),
            *([memory] if memory else []),
            *self._known(f"--timingCacheFile={timing_cache}", "--profilingVerbosity=detailed"),
        ]

    def timing(self, iterations: int, warm_up_ms: int) -> list[str]:
        """Options of a run that times so many calls, without copies to the GPU and with as little between calls as can be.

        TensorRT 11 does so by default, and has no options for it.
        """
        still = self._known("--noDataTransfers", "--useSpinWait", "--useCudaGraph")
        return [f"--iterations={iterations}", "--duration=0", f"--warmUp={warm_up_ms}", *still]

    def building_only(self) -> list[str]:
        """The option that ends a run before anything is timed, under the name that this version has for it."""
        return self._known("--skipInference", "--buildOnly")[:1]

    def run(self, arguments: Sequence[str], title: str) -> str:
        """One run; all that it printed.

        Args:
            arguments: what to hand to it.
            title: what it runs, for messages.

        Raises:
            NotMeasured: it fails, or takes too long, on what it is to run.
            BlackthornError: it cannot run at all.
        """
        return self._output(arguments, title, self._time_limit)

    def _known(self, *options: str) -> list[str]:
        """Those options that this version has."""
        return [option for option in options if self.knows(option.partition("=")[0])]

    def _output(self, arguments: Sequence[str], title: str, seconds: float) -> str:
        command = [str(self._path), *arguments]
        try:
            ended = subprocess.run(  # noqa: S603 (the user's own program; nothing passes through a shell)
                command,
                capture_output=True,
                timeout=seconds,
                check=False,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C stops a sweep after the point in hand, which must not lose its process
            )
        except subprocess.TimeoutExpired as error:
            problem = f"trtexec took more than {seconds:.0f} s for {title}"
            raise NotMeasured(problem, "leave this point out, or sweep a smaller range first") from error
        except OSError as error:
            problem = f"{self._path} cannot be started: {error.strerror or error}"
            raise BlackthornError(problem, "check the installation of TensorRT") from error
        output = b"\n".join((ended.stdout, ended.stderr)).decode(errors="replace")
        log.debug("%s\n%s", " ".join(command), output)
        if ended.returncode != 0:
            raise complaint(output, ended.returncode, title)
        return output


def _given(option: str, wanted: bool) -> list[str]:
    return [option] if wanted else []
