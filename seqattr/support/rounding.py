"""Numbers of which the size alone counts, as people write them."""


def rounded(value: float, digits: int = 1) -> str:
    """With so many digits that count, and a power of ten for what is very small or very large alone: 400,
    0.03, 2e-05.
    """
    return f"{float(f'{value:.{digits}g}'):,g}"
