"""Numbers as people read them: with the digits that count, a dash where there is none."""

import math
from collections.abc import Iterable, Sequence

from seqattr.support.rounding import rounded

DIGITS = 3  # that count, of the largest number of a column
MOST_PLACES = DIGITS + 2  # behind the point


def number(value: float) -> str:
    """Three digits that count, as 3.96 or 1,230; a dash where there is no number."""
    if not math.isfinite(value):
        return "–"
    if value == 0 or 0.001 <= abs(value) < 1000:
        return f"{value + 0.0:.3g}".replace("-", "−")  # -0.0 is 0
    return (f"{value:.1e}" if abs(value) < 1 else f"{value:,.0f}").replace("-", "−")


def signed(value: float, places: int | None = None) -> str:
    """With its sign, as +1.37 or −0.24, three digits that count or so many `places` behind the point; what
    comes to 0 has none.
    """
    if not math.isfinite(value):
        return "–"
    if places is None:
        text = number(value)
    else:
        text = _fixed(value, places) if places <= MOST_PLACES else number(value)
    return f"+{text}" if value > 0 and any(digit in "123456789" for digit in text) else text


def signed_interval(mean: float, low: float, high: float, places: int | None = None) -> str:
    """A mean and its interval with as many decimals, as +9.76 [+9.49, +10.00]: those of the mean's three
    digits, unless that is small beside the interval.
    """
    if places is None:
        small = 10 * abs(mean) < max(abs(low), abs(high))
        places = decimal_places([low, high] if small else [mean])
    return f"{signed(mean, places)} [{signed(low, places)}, {signed(high, places)}]"


def signed_percent(share: float) -> str:
    """A share with its sign, one decimal: +22.4 %, −5.0 %, 0.0 %, which no line ends in."""
    return f"{signed(100 * share, 1)}\N{NO-BREAK SPACE}%" if math.isfinite(share) else "–"


def minus(text: str) -> str:
    """A strand or a number with a minus for its hyphen."""
    return text.replace("-", "−")


def typed(text: str) -> str:
    """A text for a terminal, with the signs of a keyboard."""
    return text.replace("−", "-").replace("\N{NO-BREAK SPACE}", " ")


def decimal_places(values: Iterable[float]) -> int:
    """How many decimals the largest of some numbers needs for three digits."""
    known = [abs(value) for value in values if math.isfinite(value) and value]
    return max(0, DIGITS - 1 - math.floor(math.log10(max(known)))) if known else 0


def tiny(value: float) -> str:
    """An error or a probability, which may be very small: 0.03, 2e-29."""
    if not math.isfinite(value):
        return "–"
    return rounded(value, 2 if value >= 0.001 else 1)


def decimals(value: float) -> str:
    """Three digits behind the point, for a column of shares."""
    return f"{value:.3f}" if math.isfinite(value) else "–"


def percent(value: float) -> str:
    """A share in a table, two digits that count: 0.25 %, 12 %."""
    return "–" if math.isnan(value) else f"{100 * value:.3g} %" if value > 0.995 else f"{100 * value:.2g} %"


def sortable(value: float) -> str:
    """A number as the page's script sorts it; what is none goes last."""
    return repr(float(value)) if math.isfinite(value) else ""


def fine_percent(share: float) -> str:
    """A share that a sentence compares with another one, with a digit more: 0.25 %, 3.14 %, 12.3 %."""
    return f"{100 * share:.2f} %" if share < 0.1 else f"{100 * share:.1f} %"


def column(values: Sequence[float]) -> list[str]:
    """Numbers that stand below each other, with as many decimals as the largest needs for three digits."""
    if (digits := decimal_places(values)) > MOST_PLACES:
        return [f"{value:.1e}".replace("-", "−") if math.isfinite(value) else "–" for value in values]
    return [_fixed(value, digits) if math.isfinite(value) else "–" for value in values]


def _fixed(value: float, places: int) -> str:
    text = f"{value:,.{places}f}"
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text.replace("-", "−")


def share(value: float) -> str:
    """A share in a column of shares, with one decimal; what is too small for it is told as that."""
    if not math.isfinite(value):
        return "–"
    if 0 < value < 0.0005:
        return "< 0.1 %"
    return f"{_fixed(100 * value, 1)} %"
