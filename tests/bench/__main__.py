"""Every figure that the project promises, measured and printed: `python -m tests.bench [--quick] [FIGURE ...]`.

Timings are of the machine at hand: compare only what one run printed. With --quick the simulated sweeps are 20 of each kind
instead of 200.
"""

import sys
from collections.abc import Callable, Iterator
from functools import partial

from tests.bench.commands import commands_timed
from tests.bench.disturbed import disturbed_sweeps
from tests.bench.drawn import drawn_layers_predicted
from tests.bench.fitting import fitting_timed
from tests.bench.measured import network_predicted, plane_swept
from tests.bench.mutated import mutations_survived
from tests.bench.networks import networks_validated, wild_networks_validated
from tests.bench.others import others_timings_fitted
from tests.bench.reading import reading_timed
from tests.bench.repeated import presets_repeated
from tests.bench.replayed import few_points_suffice
from tests.bench.simulated import formulas_recovered, shapes_found
from tests.bench.tables import Row, machine, write
from tests.bench.wild import wild_networks_read

ALL_FORMULAS, QUICK_FORMULAS = 200, 20


def figures(formulas: int) -> dict[str, Callable[[], Iterator[Row]]]:
    """What prints each figure, by number."""
    return {
        "1": few_points_suffice,
        "2": partial(shapes_found, formulas),
        "3": formulas_recovered,
        "4": plane_swept,
        "5": network_predicted,
        "6": commands_timed,
        "7": networks_validated,
        "8": wild_networks_read,
        "9": reading_timed,
        "10": mutations_survived,
        "11": fitting_timed,
        "12": drawn_layers_predicted,
        "13": partial(networks_validated, 2),
        "14": wild_networks_validated,
        "15": disturbed_sweeps,
        "16": presets_repeated,
        "17": others_timings_fitted,
    }


def main(arguments: list[str]) -> int:
    """Print the figures asked for, or all; 1 where one was missed, 2 where there is none of that name."""
    quick = "--quick" in arguments
    available = figures(QUICK_FORMULAS if quick else ALL_FORMULAS)
    unknown = [argument for argument in arguments if argument not in ("--quick", *available)]
    if unknown:
        sys.stderr.write(f"there is no figure {unknown[0]}; choose from {', '.join(available)}, and --quick\n")
        return 2
    chosen = [name for name in arguments if name in available] or list(available)
    sys.stdout.write(f"{machine()}\n")
    reached = [write(available[name]()) for name in chosen]
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
