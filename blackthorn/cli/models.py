"""`blackthorn models`: the fitted models that there are."""

import click

from blackthorn.cli.options import common_options


@click.command()
@common_options
def command(as_json: bool) -> None:
    """List the fitted models that there are.

    They are looked for in ./fitted_models and among those that come with blackthorn.
    """
    from blackthorn.cli.model_list import list_models, models_json, models_lines
    from blackthorn.cli.printing import print_json, print_lines

    found = list_models()
    if as_json:
        print_json(models_json(found))
    else:
        print_lines(models_lines(found))
