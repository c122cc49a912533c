"""Numbers as people write them: those of which the size alone counts, and those of things."""


def rounded(value: float, digits: int = 1) -> str:
    """With so many digits that count, and a power of ten for what is very small or very large alone: 400,
    0.03, 2e-05.
    """
    return f"{float(f'{value:.{digits}g}'):,g}"


def number_of(count: int, name: str) -> str:
    """So many things of a name that has its plural by an s: 1 hit, 1,000 hits."""
    return f"{count:,} {name}{'s' * (count != 1)}"
