"""Every way to attribute an output to the bases. `registry` has METHODS, the table of them.

A new method is one function or one rulebook, one line there, and one slow twin in the tests.
"""
