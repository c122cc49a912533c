# Your own models and sequences by seqattr: scores, in shards where there are to be several, and reports.
from snakemake.exceptions import WorkflowError
from snakemake.utils import validate

from settings import devices, models_of, motif_files, motifs_of, parents, reference_file, score_files, scorings, words


validate(config, "peaks.schema.yaml")

OUT = config["out"]
TARGETS = config["targets"]
try:
    SCORINGS = scorings(config)
    MODELS = models_of(config, SCORINGS)
    MOTIFS = motifs_of(config)
    FILES = score_files(TARGETS)
except ValueError as error:
    raise WorkflowError(str(error)) from None
FOLDERS = [f"{OUT}/model/{scoring.folder}" for scoring in SCORINGS]
FASTA = LEARNED_FROM = config["fasta"]
REGIONS = [config["regions"]] if config["regions"] else []
FITTING = "--pad --crop"
SCORE_OPTIONS = " ".join([config["score_options"], *["--both-strands"] * config["both_strands"]])

# The scores are asked for by name, so that one that was deleted is made again and what was made of it too.
ALL = [f"{folder}/{name}" for folder in FOLDERS for name in [*FILES, "report/report.html"]]
if config["shards"] > 1:
    ALL += [f"{OUT}/logs/merge/model/{scoring.folder}.shards_removed" for scoring in SCORINGS]


wildcard_constraints:
    net="model",
    refs="[^/]+",
    method="[^/]+",
    shard="[0-9]+",


include: "scores.smk"


if config["shards"] > 1:

    include: "shards.smk"


rule report:
    input:
        expand(f"{OUT}/{{{{net}}}}/{{{{refs}}}}/{{{{method}}}}/{{file}}", file=FILES),
        motifs=motif_files(MOTIFS),
    output:
        f"{OUT}/{{net}}/{{refs}}/{{method}}/report/report.html",
    log:
        f"{OUT}/logs/report/{{net}}/{{refs}}/{{method}}.log",
    benchmark:
        f"{OUT}/benchmarks/report/{{net}}/{{refs}}/{{method}}.tsv"
    params:
        scores=subpath(input[0], parent=True),
        out=subpath(output[0], parent=True),
        motifs=words("--motifs", MOTIFS),
        options=config["report_options"],
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    conda:
        "environment.yaml"
    shell:
        "seqattr report {params.scores:q} {params.motifs:q} {params.options}"
        " --force --threads {threads} --out {params.out:q} 2> {log:q}"  # the folder is the workflow's own
