# The TAL-GATA benchmark as single calls of the command line, as `seqattr benchmark tal-gata` runs it in one process:
#   snakemake -c2                                                           under an hour on one core
#   snakemake -c2 --configfile seqattr/workflow/benchmark/test.yaml         a trial of about a minute
# `seqattr workflow DIR` writes a workflow for models and sequences of your own.
configfile: f"{workflow.basedir}/seqattr/workflow/benchmark/config.yaml"


include: "seqattr/workflow/rules/benchmark.smk"


rule all:
    input:
        ALL,
