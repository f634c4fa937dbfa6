"""What stands in for trtexec: it takes the same options, refuses what its version does not know, and writes the same files.

Run as a program. `FAKE_TRTEXEC_VERSION` is 8.5.2, 10.6.0 (unless said otherwise) or 11.1.0; `FAKE_TRTEXEC_SAYS` names what goes
wrong. Every run is noted in `FAKE_TRTEXEC_NOTES`, if given. A call takes 40 us and 1 % more or less, 30 us of it the layer.
"""

import json
import os
import re
import sys
import time
from pathlib import Path

VERSION = os.environ.get("FAKE_TRTEXEC_VERSION", "10.6.0")
SAYS = os.environ.get("FAKE_TRTEXEC_SAYS", "")
COMMON = (
    "help onnx saveEngine loadEngine timingCacheFile profilingVerbosity iterations duration warmUp exportTimes exportProfile"
    " exportLayerInfo separateProfileRun memPoolSize"
)
BEFORE_11 = "noDataTransfers useSpinWait useCudaGraph fp16 int8"
OPTIONS = {
    "8.5.2": f"{COMMON} {BEFORE_11} workspace buildOnly",
    "10.6.0": f"{COMMON} {BEFORE_11} stronglyTyped skipInference",
    "11.1.0": f"{COMMON} stronglyTyped skipInference noCudaGraph includeDataTransfers noSpinWait",
}
NUMBERS = {"8.5.2": "8502", "10.6.0": "100600", "11.1.0": "110100"}
PARSER = """[12/01/2024-10:00:00] [E] [TRT] ModelImporter.cpp:836: While parsing node number 0 [Conv -> "z0_0"]:
[12/01/2024-10:00:00] [E] [TRT] ModelImporter.cpp:837: --- Begin node ---
input: "x0"
name: "layer0"
op_type: "Conv"
[12/01/2024-10:00:00] [E] [TRT] ModelImporter.cpp:839: --- End node ---
[12/01/2024-10:00:00] [E] [TRT] ModelImporter.cpp:842: ERROR: onnxOpImporters.cpp:12 In function importConv:
[12/01/2024-10:00:00] [E] Failed to parse onnx file"""
FAILURES = {
    "no gpu": "[E] Error[1]: [cudaDriverHelpers.cpp] no CUDA-capable device is detected",
    "old driver": "[W] [TRT] CUDA initialization failure with error: 35. Please check your CUDA installation",
    "no driver": "[W] [TRT] Unable to determine GPU memory usage: CUDA initialization failure with error: 999",
    "no library": "trtexec: error while loading shared libraries: libnvinfer.so.10: cannot open shared object file",
    "no memory": "[E] Error[2]: [virtualMemoryBuffer.cpp::resizePhysical::154] Error Code 2: OutOfMemory (Requested 9 bytes)",
    "no kernel": "[E] Error[10]: Could not find any implementation for node layer0.",
    "no parser": PARSER,
    "something": "[12/01/2024-10:00:00] [E] [TRT] it broke.",
    "nothing": "",
}
DEVICE = """[I] === Device Information ===
[I] Selected Device: Orin
[I] Compute Capability: 8.7
[I] Application Compute Clock Rate: 0.918 GHz
[I] CUDA Graph: Enabled"""
MS, LAYER_MS = 0.040, 0.030


def main(words: list[str]) -> int:
    sys.stdout.write(f"&&&& RUNNING TensorRT.trtexec [TensorRT v{NUMBERS[VERSION]}] [b1] # trtexec {' '.join(words)}" + "\n")
    known = OPTIONS[VERSION].split()
    given = dict(word.removeprefix("--").partition("=")[::2] for word in words)
    if "help" in given:
        sys.stdout.write(
            "\n".join(
                f"  --{option}=<value>   what it is for (default = 1)\n      once done by --useCudaGraph or --fp16"
                for option in known
            )
            + "\n"
        )
        return 0
    note(words)
    for option in given:
        if option not in known:
            sys.stderr.write(f"[E] Unknown option: --{option} " + "\n")
            return 1
    sys.stdout.write(DEVICE + "\n")
    return fail() if SAYS in FAILURES else work(given)


def note(words: list[str]) -> None:
    if "FAKE_TRTEXEC_NOTES" in os.environ:
        with Path(os.environ["FAKE_TRTEXEC_NOTES"]).open("a") as file:
            file.write(json.dumps(words) + "\n")


def fail() -> int:
    sys.stderr.write(FAILURES[SAYS] + "\n")
    sys.stdout.write("&&&& FAILED TensorRT.trtexec" + "\n")
    return 1


def work(given: dict[str, str]) -> int:
    if SAYS == "hang":
        time.sleep(60)
    if "onnx" in given:
        nodes = re.findall(rb"layer\d", Path(given["onnx"]).read_bytes())
        name = "PWN(PWN(ThresholdedRelu to w0_0, layer0), Softsign to y0_0)" if nodes else "(idle)"
        Path(given.get("saveEngine", os.devnull)).write_text(name)
    else:
        name = Path(given["loadEngine"]).read_text()
    layers = [
        ("Reformatting CopyNode for Input Tensor 0 to layer0", MS - LAYER_MS),
        ("__myl_1" if SAYS == "compiled" else name, LAYER_MS),
    ]
    if SAYS == "renamed":
        layers = [("layer01", MS)]
    if "exportProfile" in given:
        entries = [{"name": layer, "timeMs": 1.0, "averageMs": average} for layer, average in layers]
        Path(given["exportProfile"]).write_text(json.dumps([{"count": 9}, *entries]))
        Path(given["exportLayerInfo"]).write_text(json.dumps({"Layers": described(layers)}))
    if "exportTimes" in given and SAYS != "no times":
        calls = 0 if SAYS == "no calls" else int(given["iterations"])
        Path(given["exportTimes"]).write_text(json.dumps([call(index, float(given["warmUp"])) for index in range(-5, calls)]))
    return 0


def described(layers: list[tuple[str, float]]) -> list[object]:
    if SAYS == "compiled":
        return [{"Name": name, "Metadata": "[ONNX Layer: layer0]" if name == "__myl_1" else ""} for name, _ in layers]
    return [name for name, _ in layers]


def call(index: int, warm_up: float) -> dict[str, float]:
    """A call; those before 0 are of the time in which the GPU warms up."""
    taken = MS * (1.0 + 0.01 * (index * 7 % 11 - 5) / 5) if index >= 0 else 10 * MS
    return {"startComputeMs": warm_up + index * MS, "computeMs": taken, "latencyMs": taken + 0.01}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
