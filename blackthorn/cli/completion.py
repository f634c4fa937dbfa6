"""`blackthorn completion`: the script that lets a shell complete our command lines."""

import click

from blackthorn.cli.options import common_options, examples

EXAMPLES = examples(
    "blackthorn completion bash >> ~/.bashrc",
    "blackthorn completion zsh >> ~/.zshrc",
    "blackthorn completion fish > ~/.config/fish/completions/blackthorn.fish",
)


@click.command(epilog=EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@common_options
@click.pass_context
def command(context: click.Context, shell: str, as_json: bool) -> None:
    """Print the completion script of a shell."""
    from click.shell_completion import get_completion_class

    from blackthorn.cli.printing import print_json, print_lines

    complete = get_completion_class(shell)
    assert complete is not None  # click has these three
    script = complete(context.find_root().command, {}, "blackthorn", "_BLACKTHORN_COMPLETE").source()
    if as_json:
        print_json({"shell": shell, "script": script})
    else:
        print_lines([script])
