"""What a model answers to edits of a sequence, working out only what an edit can reach."""
