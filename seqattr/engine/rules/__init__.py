"""Rules, one file per family: how a multiplier travels back through a step of each kind."""
