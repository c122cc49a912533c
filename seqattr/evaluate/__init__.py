"""Is an explanation to be believed?

CHECKS (`checks`) is the table of what is asked of each method, each check a file here: it measures, number by
number and sequence by sequence (`measured`), judges a method by the summaries (`judgement`), and draws them.
What a check is asked with is a `Question`: a model, sequences, references, methods. Explanations that ignore
the model are asked alike, as CONTROLS (`controls`): they show what a number is worth.

allocation  how fourteen methods divide effects known in closed form, beside the theory
effects     what groups of bases do by themselves and together (Harsanyi dividends)
verdict     whether the explanations of a run add up, and whether only by cancelling
"""
