"""Drawings and pieces of HTML pages: no model and no run."""
