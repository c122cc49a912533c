"""A model as steps that are plain data, and what is known of each kind of step."""
