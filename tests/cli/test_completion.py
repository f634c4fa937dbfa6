import shutil
import subprocess

import pytest
from click.shell_completion import ShellComplete

from blackthorn.cli.program import COMMANDS, program
from tests.cli.conftest import Say


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(say: Say, shell: str) -> None:
    said = say(f"completion {shell}")
    assert said.code == 0
    assert f"_BLACKTHORN_COMPLETE={shell}_complete" in said.out
    assert say(f"completion {shell} --json").json["script"] in said.out
    if shutil.which(shell):
        assert subprocess.run([shell, "-n"], input=said.out, text=True, check=False).returncode == 0


def test_another_shell_is_refused(say: Say) -> None:
    assert "'tcsh'" in say("completion tcsh").refusal


def completions(*words: str) -> list[str]:
    complete = ShellComplete(program, {}, "blackthorn", "_BLACKTHORN_COMPLETE")
    return [item.value for item in complete.get_completions(list(words[:-1]), words[-1])]


def test_commands_and_options_are_completed() -> None:
    assert completions("") == sorted(COMMANDS, key=list(COMMANDS).index)
    assert completions("predict", "--inp") == ["--input-shape"]
    assert completions("completion", "z") == ["zsh"]
