"""Is an explanation to be believed?

Each check is one file here, and answers with numbers and with what they say in words:

verdict   whether the explanations of a run add up, and whether only by cancelling

Others have their place beside it: sanity against a model with random weights, agreement with labels,
faithfulness to what edits do, continuity between similar sequences, and agreement between methods. Until
they are written, nothing here stands in for them.
"""
