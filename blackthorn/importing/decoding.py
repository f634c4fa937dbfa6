"""Files of other tools as text and as JSON; whatever is wrong with them is a sentence that names the file."""

from pathlib import Path
from typing import TypeVar

import msgspec

from blackthorn.errors import BadFile
from blackthorn.storage.disk import read_bytes

ContentT = TypeVar("ContentT")


def read_text(path: Path) -> str:
    """A text file, the mark at its beginning that some programs write left out.

    Raises:
        BadFile: it cannot be read, or is no text.
    """
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(f"{path} is not UTF-8 text", "give a file as the tool wrote it") from error


def decoded(text: str, kind: type[ContentT], path: Path, what: str) -> ContentT:
    """JSON as a value of a type.

    Args:
        text: the file's content.
        kind: what to make of it.
        path: the file, for messages.
        what: what the file should be, for messages.

    Raises:
        BadFile: it is not JSON, or does not fit the type.
    """
    try:
        return msgspec.json.decode(text, type=kind)
    except RecursionError as error:
        raise BadFile(f"{path} is nested too deeply", "give a file as the tool wrote it") from error
    except msgspec.DecodeError as error:
        problem = f"{path} cannot be read as {what}: {str(error).rstrip('.')}"
        raise BadFile(problem, "give a file as the tool wrote it") from error
