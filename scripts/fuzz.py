#!/usr/bin/env python3
"""Mutated input files: whatever is read of them is right, or one line says why it is not read.

    python scripts/fuzz.py [fasta|bed|motifs|tables|models|sources|folders|all] [--seconds N] [--number N]
    python scripts/fuzz.py --replay KEPT/FOLDER

Small valid files are spoilt and read, by each reader in a process of its own with limits of memory and time.
An input is answered, and then checked where there is something to check it against, or refused by a
SeqattrError of one line. Anything else - another exception, a death, no end, too much memory, another answer
than the file holds - is a fault: its input is kept, and the exit code is 1. A seed makes the same inputs
again.
"""

import argparse
import sys
from pathlib import Path

from fuzzing import session
from fuzzing.reader import GROUPS, READERS


def main() -> int:
    options = parse_options()
    if options.replay:
        outcome = session.replay(options.replay)
        print(outcome)
        return outcome.startswith(session.FAULT)
    readers = READERS if options.group == "all" else GROUPS.get(options.group, (options.group,))
    tallies = {name: fuzz(name, options, len(readers)) for name in readers}
    print(f"{sum(tally.seconds for tally in tallies.values()):.0f} CPU s")
    return any(tally.faults for tally in tallies.values())


def fuzz(name: str, options: argparse.Namespace, readers: int) -> session.Tally:
    tally = session.fuzz(name, options.seed, options.seconds / readers, options.number, options.keep)
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(tally.outcomes.items()))
    print(f"{name}: {tally.outcomes.total()} inputs in {tally.seconds:.0f} CPU s: {outcomes}", flush=True)
    for fault in tally.faults.values():
        print(f"  {fault}", flush=True)
    return tally


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("group", nargs="?", choices=("all", *GROUPS, *READERS), default="all")
    parser.add_argument("--seconds", type=float, default=60, help="of CPU, shared among the readers")
    parser.add_argument("--number", type=int, help="most inputs of each reader")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-kept"), help="folder for inputs that fail")
    parser.add_argument("--replay", type=Path, help="a folder that was kept")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
