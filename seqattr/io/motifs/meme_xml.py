"""Motifs in the XML that MEME, STREME and DREME write beside their text.

MEME has <probabilities> of <alphabet_array>s, a <value letter_id="A"> for each base; STREME and DREME a
<pos A="" C="" G="" T=""/> for each position. No entity is resolved: an XML file can ask for others, or for a
machine's whole memory.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from seqattr.dna.alphabet import ALPHABET
from seqattr.errors import InputError
from seqattr.io.motifs.blocks import Lines, Row, Table, is_number
from seqattr.io.motifs.collection import Collection, Entry, Matrix, collect
from seqattr.io.motifs.matrices import by_position

_ROOTS = ("<MEME", "<STREME", "<dreme")
_LONGEST_HEAD = 300  # lines; MEME's own definition of its elements stands in front of them
_BOTH = "both"


@dataclass
class _Motif:
    """What the elements of a motif say."""

    name: str
    other_name: str
    rows: list[dict[str, str]] = field(default_factory=list)


@dataclass
class _Reader:
    """Follows the elements of a file."""

    path: Path | str
    motifs: list[_Motif] = field(default_factory=list)
    strands: str = _BOTH
    letters: set[str] = field(default_factory=set)
    parents: list[str] = field(default_factory=list)
    text: str = ""
    letter: str = ""

    def read(self, lines: Lines) -> None:
        """Raises InputError where the text is no XML."""
        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = self.start, self.end
        parser.CharacterDataHandler = self.characters
        parser.EntityDeclHandler = self.refuse
        try:
            for number, (_, line) in enumerate(lines):
                parser.Parse(f"{line}\n", number == len(lines) - 1)
        except (expat.ExpatError, ValueError) as error:
            raise InputError(f"{self.path} is no whole XML file: {error}") from error

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self.parents.append(name)
        self.text = ""
        if name == "letter":
            self.letters.add(attributes.get("symbol", attributes.get("id", "")))
        elif name == "motif":
            names = [attributes.get(key, "") for key in ("seq", "name", "id")]
            self.motifs.append(_Motif(next(filter(None, names), ""), attributes.get("alt", "")))
        elif name == "pos" and self.motifs:
            self.motifs[-1].rows.append(dict(attributes))
        elif name == "alphabet_array" and self.in_probabilities:
            self.motifs[-1].rows.append({})
        elif name == "value":
            self.letter = attributes.get("letter_id", "").removeprefix("letter_")

    @property
    def in_probabilities(self) -> bool:
        """MEME writes scores the same way."""
        return bool(self.motifs) and "probabilities" in self.parents

    def characters(self, text: str) -> None:
        self.text += text

    def end(self, name: str) -> None:
        self.parents.pop()
        if name == "strands":
            self.strands = self.text.strip()
        elif name == "value" and self.in_probabilities and self.motifs[-1].rows:
            self.motifs[-1].rows[-1][self.letter] = self.text.strip()

    def refuse(self, name: str, *_: object) -> NoReturn:
        raise InputError(f"{self.path} defines the entity '{name}', as no file of motifs does")


def is_meme_xml(lines: Lines) -> bool:
    """An element of MEME, STREME or DREME, perhaps below what defines it."""
    head = [line for _, line in lines[:_LONGEST_HEAD]]
    return bool(head) and head[0].startswith("<") and any(line.startswith(_ROOTS) for line in head)


def parse_meme_xml(path: Path | str, lines: Lines, strict: bool) -> Collection:
    """The motifs of meme.xml, streme.xml or dreme.xml; of one strand where the other was not looked at."""
    reader = _Reader(path)
    reader.read(lines)
    if not reader.motifs:
        raise InputError(f"{path} holds no motif; give what MEME, STREME or DREME wrote")
    one_strand = reader.strands != _BOTH or "U" in reader.letters
    return collect(path, (_entry(path, motif, one_strand) for motif in reader.motifs), strict)


def _entry(path: Path | str, motif: _Motif, one_strand: bool) -> Entry:
    def matrix() -> Matrix:
        where = f"motif '{motif.name}' in {path}"
        rows = [_row(where, row) for row in motif.rows]
        return Matrix(by_position(where, Table([], rows, one_strand)), one_strand)

    return Entry(motif.name, motif.other_name, str(path), matrix)


def _row(where: str, row: Mapping[str, str]) -> Row:
    """The four probabilities of a position."""
    values = [row.get(base, row.get("U", "") if base == "T" else "") for base in ALPHABET]
    wrong = next((value for value in values if not is_number(value)), None)
    if wrong is not None:
        raise InputError(f"{where} has a position without a number for each of {ALPHABET}")
    return Row("", [float(value) for value in values])
