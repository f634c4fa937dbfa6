"""Timings that other tools took, as sweeps: trtexec's and ONNX Runtime's profiles, and tables of any kind."""

from blackthorn.importing.csv_rows import SECONDS, UNITS, Cell, TableMapping, parse_cell
from blackthorn.importing.files import TABLE, GivenFile, TimedNetwork, imported_profiles, imported_tables, read_files, tool_of
from blackthorn.importing.imported import Imported, ImportedLayer, Machine
from blackthorn.importing.sweeps import class_sweeps, write

__all__ = [
    "SECONDS",
    "TABLE",
    "UNITS",
    "Cell",
    "GivenFile",
    "Imported",
    "ImportedLayer",
    "Machine",
    "TableMapping",
    "TimedNetwork",
    "class_sweeps",
    "imported_profiles",
    "imported_tables",
    "parse_cell",
    "read_files",
    "tool_of",
    "write",
]
