"""What both workflows share, and the rules of each."""
