"""METHODS: every way to attribute an output to the bases, by name.

A new method is one function or one rulebook, one line here, and one slow twin in the tests.
"""

from seqattr.methods.attribution import attribute
from seqattr.methods.method import Method
from seqattr.methods.patterns import Patterns, fit_patterns, with_patterns
from seqattr.methods.registry import METHODS
from seqattr.methods.results import Attribution

__all__ = ["METHODS", "Attribution", "Method", "Patterns", "attribute", "fit_patterns", "with_patterns"]
