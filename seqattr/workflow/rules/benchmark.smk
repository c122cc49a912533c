# The TAL-GATA benchmark by seqattr: data, nets, scores of every method, and the page.
from snakemake.exceptions import WorkflowError
from snakemake.utils import validate

from settings import TABLES, devices, reference_file, score_files, scorings, words


validate(config, "benchmark.schema.yaml")

OUT = config["out"]
try:
    SCORINGS = scorings(config)
except ValueError as error:
    raise WorkflowError(str(error)) from None
NETS = [f"seed-{seed}" for seed in config["seeds"]]
FOLDERS = [f"{OUT}/{net}/{scoring.folder}" for net in NETS for scoring in SCORINGS]
MODELS = [f"{OUT}/{{net}}/model.pt"]
FASTA = f"{OUT}/evaluation/sequences.fa"
REGIONS = []
TARGETS = []
FILES = score_files(TABLES["tasks"])
LEARNED_FROM = f"{OUT}/data/sequences.fa"
FITTING = ""
SCORE_OPTIONS = ""

# The scores are asked for by name, so that one that was deleted is made again and what was made of it too.
SCORES = [f"{folder}/{name}" for folder in FOLDERS for name in FILES]
ALL = [*SCORES, f"{OUT}/benchmark.html"]


wildcard_constraints:
    net="seed-[0-9]+",
    refs="[^/]+",
    method="[^/]+",


rule simulate:
    output:
        expand(f"{OUT}/data/{{file}}", file=TABLES["simulation"]),
    log:
        f"{OUT}/logs/simulate.log",
    benchmark:
        f"{OUT}/benchmarks/simulate.tsv"
    params:
        out=subpath(output[0], parent=True),
        sequences=config["train"],
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    conda:
        "environment.yaml"
    shell:
        "seqattr simulate tal-gata --count {params.sequences} --out {params.out:q} 2> {log:q}"


rule simulate_evaluation:
    output:
        expand(f"{OUT}/evaluation/{{file}}", file=TABLES["simulation"]),
    log:
        f"{OUT}/logs/simulate_evaluation.log",
    benchmark:
        f"{OUT}/benchmarks/simulate_evaluation.tsv"
    params:
        out=subpath(output[0], parent=True),
        sequences=config["evaluation"],
        shares=TABLES["evaluation"]["shares"],
        seed=TABLES["evaluation"]["seed"],
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    conda:
        "environment.yaml"
    shell:
        "seqattr simulate tal-gata --count {params.sequences} --shares {params.shares} --seed {params.seed}"
        " --out {params.out:q} 2> {log:q}"


rule train:
    input:
        rules.simulate.output,
    output:
        model=f"{OUT}/seed-{{seed}}/model.pt",
        metrics=f"{OUT}/seed-{{seed}}/model.metrics.json",
    log:
        f"{OUT}/logs/train/seed-{{seed}}.log",
    benchmark:
        f"{OUT}/benchmarks/train/seed-{{seed}}.tsv"
    params:
        data=subpath(input[0], parent=True),
        epochs=config["epochs"],
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    conda:
        "environment.yaml"
    shell:
        "seqattr train {params.data:q} --out {output.model:q} --epochs {params.epochs} --seed {wildcards.seed}"
        " --threads {threads} 2> {log:q}"


include: "scores.smk"


rule collect:
    input:
        rules.simulate_evaluation.output,
        metrics=expand(f"{OUT}/{{net}}/model.metrics.json", net=NETS),
        scores=SCORES,
    output:
        page=f"{OUT}/benchmark.html",
        tables=expand(f"{OUT}/{{table}}", table=TABLES["benchmark"]),
    log:
        f"{OUT}/logs/collect.log",
    benchmark:
        f"{OUT}/benchmarks/collect.tsv"
    params:
        out=subpath(output.page, parent=True),
        simulation=subpath(input[0], parent=True),
        folders=FOLDERS,
        metrics=lambda wildcards, input: words("--metrics", input.metrics),
    threads: 1
    resources:
        mem_mb=4000,
        runtime=20,
    conda:
        "environment.yaml"
    shell:
        "seqattr benchmark collect {params.folders:q} --simulation {params.simulation:q} {params.metrics:q}"
        " --threads {threads} --out {params.out:q} 2> {log:q}"
