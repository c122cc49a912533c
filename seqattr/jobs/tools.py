"""Other people's command-line tools, run on our files where they are installed."""

import os
import shlex
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqattr.errors import InputError
from seqattr.support import threads

_LAST_LINES = 20


@dataclass(frozen=True)
class Tool:
    """A command, the package that brings it, and the extra of seqattr by which pip installs that."""

    command: str
    package: str
    extra: str

    def path(self) -> str:
        """Where it is: on the PATH, or beside this Python. Raises InputError where it is in neither."""
        beside = Path(sys.executable).parent
        path = shutil.which(self.command) or shutil.which(self.command, path=str(beside))
        if path is None:
            raise InputError(
                f"{self.package} is not installed (there is no command `{self.command}`); "
                f"`pip install 'seqattr[{self.extra}]'` brings it"
            )
        return path

    def run(self, words: Sequence[object], heard: Callable[[str], object] = str) -> None:
        """Run it to its end on as many threads as we have; `heard` gets each line that it says.

        It ends with us. Raises InputError, with the last line that it said, where it fails.
        """
        line = [self.path(), *map(str, words)]
        number = str(threads.in_use())
        environment = os.environ | {threads.OPENMP: number, "NUMBA_NUM_THREADS": number}
        said: deque[str] = deque(maxlen=_LAST_LINES)
        with subprocess.Popen(
            line,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            try:
                for text in process.stdout or ():
                    if text.strip():
                        said.append(text.strip())
                        heard(said[-1])
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            raise InputError(f"{self._how_it_ended(process.returncode, said)}: {shlex.join(line)}")

    def _how_it_ended(self, code: int, said: Sequence[str]) -> str:
        if code < 0:
            return f"{self.command} was killed by signal {-code} (is there enough memory?)"
        return f"{self.command} failed ({said[-1] if said else f'exit code {code}'})"


MODISCO = Tool("modisco", "modisco-lite", "modisco")
FINEMO = Tool("finemo", "Fi-NeMo", "finemo")
