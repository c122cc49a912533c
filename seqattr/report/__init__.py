"""What people look at: figures of contributions."""
