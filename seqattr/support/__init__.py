"""What every room may use: compiled loops, progress, work ahead and behind, ranks, seeds, texts, versions."""
