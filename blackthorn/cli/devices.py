"""`blackthorn devices`: the runners here, and this machine."""

import click

from blackthorn.cli.options import common_options


@click.command()
@common_options
def command(as_json: bool) -> None:
    """List the runners, and describe this machine.

    Of a runner that cannot run here it says what is missing, and how to get it.
    """
    from blackthorn.cli.device_list import describe_devices, devices_json, devices_lines
    from blackthorn.cli.printing import print_json, print_lines

    described = describe_devices()
    if as_json:
        print_json(devices_json(described))
    else:
        print_lines(devices_lines(described))
