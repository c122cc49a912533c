"""One graph, many rulebooks: capture a model once, then walk it forward and back by a rulebook."""
