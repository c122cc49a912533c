"""What sequences are compared with: kinds of references, and shuffles."""
