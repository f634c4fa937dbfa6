"""Peak memory of a process: `python -m tests.bench.peak MODULE ARGUMENT...` runs a module and prints it on standard error.

What wait4 and getrusage tell will not do: Linux counts in what the parent held when it started the process.
"""

import runpy
import sys
from pathlib import Path

KIBIBYTE = 1024


def peak_memory() -> int:
    """Resident bytes of this process at most, by Linux's own account (VmHWM of proc_pid_status(5))."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return KIBIBYTE * int(peak)


if __name__ == "__main__":
    del sys.argv[0]
    try:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    finally:
        sys.stderr.write(str(peak_memory()))
