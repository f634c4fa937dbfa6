"""The ways a formula is written: plain text (valid Python too) and LaTeX."""

import msgspec

ZERO = "0"
"""How nothing is written in every notation."""


class Notation(msgspec.Struct, frozen=True):
    """Templates of one way of writing; every template takes already written parts by name."""

    number: str
    variable: str
    steps: str
    hinge: str
    miss_ratio: str
    beyond: str
    tiles: str
    pieces: str
    singles: str
    from_on: str
    border: str
    product: str
    total: str
    group: str
    at_most: str
    divisible: str
    switch: str

    def write_number(self, value: float) -> str:
        """Five significant digits: below the noise of any timing."""
        written = f"{value:.5g}"
        mantissa, _, exponent = written.partition("e")
        return self.number.format(mantissa=mantissa, exponent=int(exponent)) if exponent else written

    def write_variable(self, dimension: str) -> str:
        """The name of a dimension."""
        return self.variable.format(name=dimension)

    def write_sum(self, base: str, factor: str, coefficient: str, nested: bool) -> str:
        """base + factor * coefficient; a nested coefficient is a sum of its own and gets brackets, and no zero is added to."""
        grouped = self.group.format(inner=coefficient) if nested else coefficient
        right = self.product.format(factor=factor, coefficient=grouped)
        return right if base == ZERO else self.total.format(left=base, right=right)


TEXT = Notation(
    number="{mantissa}e{exponent}",
    variable="{name}",
    steps="({name} - 1) // {width}",
    hinge="({name} - {knot} if {name} > {knot} else 0)",
    miss_ratio="max(min({steepness:g} * (1 - {knot} / {name}), 1), 0)",
    beyond="({name} - {offset})",
    tiles="{beyond} // {width}",
    pieces="({beyond} % {width} + {less}) // {piece}",
    singles="{beyond} % {width}",
    from_on="({factor} if {name} > {offset} else 0)",
    border="max(min({name}, {until}) - {outside}, 0)",
    product="{factor} * {coefficient}",
    total="{left} + {right}",
    group="({inner})",
    at_most="{name} <= {threshold}",
    divisible="{name} % {divisor} == 0",
    switch="({then} if {condition} else {otherwise})",
)

LATEX = Notation(
    number=r"{mantissa} \cdot 10^{{{exponent}}}",
    variable=r"\mathit{{{name}}}",
    steps=r"\left\lfloor \frac{{{name} - 1}}{{{width}}} \right\rfloor",
    hinge=r"\max\left( 0, {name} - {knot} \right)",
    miss_ratio=r"\max\left( 0, \min\left( {steepness:g} \left( 1 - {knot} / {name} \right), 1 \right) \right)",
    beyond=r"({name} - {offset})",
    tiles=r"\left\lfloor \frac{{{beyond}}}{{{width}}} \right\rfloor",
    pieces=r"\left\lceil \frac{{{beyond} \bmod {width}}}{{{piece}}} \right\rceil",
    singles=r"\left( {beyond} \bmod {width} \right)",
    from_on=r"{factor} [{name} > {offset}]",
    border=r"\max\left( 0, \min\left( {name}, {until} \right) - {outside} \right)",
    product=r"{factor} \cdot {coefficient}",
    total="{left} + {right}",
    group=r"\left( {inner} \right)",
    at_most=r"{name} \le {threshold}",
    divisible=r"{divisor} \mid {name}",
    switch=r"\begin{{cases}} {then} & {condition} \\ {otherwise} & \text{{otherwise}} \end{{cases}}",
)
