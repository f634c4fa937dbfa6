"""Which fitted model a command works with: one that is named, or this machine's."""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from blackthorn.cli import defaults
from blackthorn.errors import BadFile, BadValue, BlackthornError, UnknownName
from blackthorn.records import FittedModel
from blackthorn.storage import find_models, model_path, read_model, shipped_models

log = logging.getLogger(__name__)

ENDING = ".json"
TO_MAKE_ONE = "make one with 'blackthorn sweep conv2d --dim filters', then 'blackthorn fit'"

Chosen = tuple[Path, FittedModel]


class NoModel(BlackthornError):
    """There is no fitted model of this machine."""


def model_folders() -> tuple[Path, ...]:
    """Where fitted models are looked for: the user's own, then those that come with blackthorn."""
    return (defaults.FITTED_MODELS, shipped_models())


def this_device(threads: int = 1, provider: str | None = None) -> str:
    """The name of this machine with the runner that is used where none is named, on so many threads and that provider."""
    from blackthorn.runners import runner_class  # costs more than the rest of a prediction that names its device

    chosen = {} if provider is None else {"provider": provider}
    return runner_class(defaults.RUNNER)(threads=threads, **chosen).device().name  # type: ignore[call-arg]


def choose_model(given: str | None, here: str | None = None) -> Chosen:
    """The fitted model that a user means.

    Args:
        given: a file, a device's name, or a part of it that no other one has; None for this machine.
        here: what this machine is called as a device, where it is meant; its usual name unless given.

    Raises:
        BadFile: the file is not a fitted model.
        UnknownName, BadValue: no device has that name, or several have that part in it.
        NoModel: there is none of this machine.
    """
    if given is None:
        return _of_this_machine(here or this_device())
    if given.endswith(ENDING) or os.sep in given or Path(given).is_file():
        return Path(given), read_model(Path(given))
    found = found_models()
    if given in found:
        return found[given]
    matching = sorted(name for name in found if given.lower() in name.lower())
    if len(matching) > 1:
        raise BadValue(f"'{given}' may be any of {', '.join(matching)}", "write more of the name")
    if not matching:
        raise UnknownName("fitted model", given, found)
    return found[matching[0]]


def found_models() -> Mapping[str, Chosen]:
    """Every fitted model by its device's name; of two with one name the user's own. Damaged files are left out."""
    found: dict[str, Chosen] = {}
    for path, model in read_models(model_folders()):
        if isinstance(model, BadFile):
            log.warning("left out: %s", model)
        else:
            found.setdefault(model.device.name, (path, model))
    return found


def read_models(folders: Sequence[Path]) -> Iterator[tuple[Path, FittedModel | BadFile]]:
    """Every file that may be a fitted model, with the model or with why it is none."""
    return ((path, _model_or_fault(path)) for path in find_models(folders))


def _model_or_fault(path: Path) -> FittedModel | BadFile:
    try:
        return read_model(path)
    except BadFile as error:
        return error


def _of_this_machine(name: str) -> Chosen:
    for folder in model_folders():
        path = model_path(folder, name)
        if path.is_file():
            return path, read_model(path)
    found = found_models()
    if name in found:
        return found[name]
    others = f"name one of those found with --device ({', '.join(found)}), or " if found else ""
    raise NoModel(f"there is no fitted model of this machine, {name}", f"{others}{TO_MAKE_ONE}")
