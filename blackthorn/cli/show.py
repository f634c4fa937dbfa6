"""`blackthorn show`: the formulas of a fitted model, and how well they hold against timings."""

from pathlib import Path

import click

from blackthorn.cli.options import FILE, common_options, examples

EXAMPLES = examples(
    "blackthorn show",
    "blackthorn show my-board.json --against sweeps/my-board",
)


@click.command(epilog=EXAMPLES)
@click.argument("device", required=False, metavar="[DEVICE|FILE]")
@click.option("--latex", is_flag=True, help="Print the formulas as LaTeX.")
@click.option("--against", type=FILE, metavar="FOLDER", help="Hold the formulas against the sweeps of the same device there.")
@common_options
def command(device: str | None, latex: bool, against: Path | None, as_json: bool) -> None:
    """Show the formulas of a fitted model.

    They are in milliseconds. DEVICE is a name, or a part of it, as 'blackthorn models' lists them; FILE is a fitted model.
    Without either it is this machine's model.
    """
    from blackthorn.cli.model_choice import choose_model
    from blackthorn.cli.model_text import model_json, model_latex, model_lines
    from blackthorn.cli.printing import print_json, print_lines

    path, model = choose_model(device)
    if against is not None:
        from blackthorn.cli.agreement import agreement_json, agreement_lines, held_against

        agreements = held_against(model, against)
        print_json(agreement_json(path, model, agreements)) if as_json else print_lines(agreement_lines(agreements))
    elif as_json:
        print_json(model_json(path, model))
    else:
        print_lines(model_latex(model) if latex else model_lines(path, model))
