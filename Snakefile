# The TAL-GATA benchmark as single calls of the command line, or scores and reports of your own peaks:
#   snakemake -c2                                        the benchmark, as `seqattr benchmark tal-gata`
#   snakemake -c2 --configfile config/test.yaml          a trial of about a minute
#   snakemake -c4 --configfile config/peaks.yaml         your own model and sequences
# The rules run in the environment that they are called from, or with --sdm conda in that of config/environment.yaml.
from snakemake.exceptions import WorkflowError
from snakemake.utils import validate

from seqattr.tal_gata.recipe import EVALUATION_SEED, EVALUATION_SHARES, TABLES, Scoring, recipe_from
from seqattr.errors import SeqattrError
from seqattr.io.scores_folder import file_names, file_stems
from seqattr.motifs.sources import motif_files_among, configured_motif_files
from seqattr.refs.kinds import reference_file
from seqattr.data.simulate import TASKS
from seqattr.data.simulation_files import FILES


configfile: f"{workflow.basedir}/config/config.yaml"


validate(config, "config/config.schema.yaml")

OUT = config["out"]
OWN = "model" in config  # your own sequences rather than the benchmark's
try:
    RECIPE = recipe_from(config)
    MOTIFS = configured_motif_files(config["motifs"]) if OWN else []
    FILES_OF_SCORES = file_names(file_stems(config["targets"] if OWN else TASKS).values())
except SeqattrError as error:
    raise WorkflowError(str(error)) from None
NETS = ["model"] if OWN else [f"seed-{seed}" for seed in RECIPE.seeds]
FOLDERS = [f"{OUT}/{net}/{scoring.folder}" for net in NETS for scoring in RECIPE.scorings]
REFERENCES = {scoring.references_folder: scoring.references for scoring in RECIPE.scorings}
METHODS = {scoring.method_folder: scoring.method for scoring in RECIPE.scorings}
TARGETS = config["targets"] if OWN else []
SCORES = [f"{folder}/{name}" for folder in FOLDERS for name in FILES_OF_SCORES]


def patterns_for(method, net):
    """What a method needs to be learned from sequences, if it does."""
    return f"{OUT}/{net}/patterns.h5" if Scoring(method, "").needs_patterns else []


wildcard_constraints:
    net="model|seed-[0-9]+",
    refs="[^/]+",
    method="[^/]+",


# The scores are asked for by name, so that one that was deleted is made again and what was made of it too.
rule all:
    input:
        SCORES,
        [f"{folder}/report/report.html" for folder in FOLDERS] if OWN else f"{OUT}/benchmark.html",


rule simulate:
    output:
        expand(f"{OUT}/data/{{file}}", file=FILES),
    log:
        f"{OUT}/logs/simulate.log",
    benchmark:
        f"{OUT}/benchmarks/simulate.tsv"
    params:
        out=subpath(output[0], parent=True),
        sequences=RECIPE.train,
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    conda:
        "config/environment.yaml"
    shell:
        "seqattr simulate tal-gata --count {params.sequences} --out {params.out:q} 2> {log:q}"


rule simulate_evaluation:
    output:
        expand(f"{OUT}/evaluation/{{file}}", file=FILES),
    log:
        f"{OUT}/logs/simulate_evaluation.log",
    benchmark:
        f"{OUT}/benchmarks/simulate_evaluation.tsv"
    params:
        out=subpath(output[0], parent=True),
        sequences=RECIPE.evaluation,
        shares=",".join(map(str, EVALUATION_SHARES)),
        seed=EVALUATION_SEED,
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    conda:
        "config/environment.yaml"
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
        epochs=RECIPE.epochs,
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    conda:
        "config/environment.yaml"
    shell:
        "seqattr train {params.data:q} --out {output.model:q} --epochs {params.epochs} --seed {wildcards.seed}"
        " 2> {log:q}"


rule patterns:
    input:
        model=config["model"] if OWN else f"{OUT}/{{net}}/model.pt",
        fasta=config["fasta"] if OWN else f"{OUT}/data/sequences.fa",
    output:
        f"{OUT}/{{net}}/patterns.h5",
    log:
        f"{OUT}/logs/patterns/{{net}}.log",
    benchmark:
        f"{OUT}/benchmarks/patterns/{{net}}.tsv"
    params:
        options="--pad --crop" if OWN else "",
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    conda:
        "config/environment.yaml"
    shell:
        "seqattr patterns --model {input.model:q} --fasta {input.fasta:q} {params.options} --out {output:q}"
        " 2> {log:q}"


rule score:
    input:
        model=config["model"] if OWN else f"{OUT}/{{net}}/model.pt",
        fasta=config["fasta"] if OWN else f"{OUT}/evaluation/sequences.fa",
        references=lambda wildcards: reference_file(REFERENCES[wildcards.refs]) or [],
        patterns=lambda wildcards: patterns_for(METHODS[wildcards.method], wildcards.net),
    output:
        expand(f"{OUT}/{{{{net}}}}/{{{{refs}}}}/{{{{method}}}}/{{file}}", file=FILES_OF_SCORES),
    log:
        f"{OUT}/logs/score/{{net}}/{{refs}}/{{method}}.log",
    benchmark:
        f"{OUT}/benchmarks/score/{{net}}/{{refs}}/{{method}}.tsv"
    params:
        out=subpath(output[0], parent=True),
        refs=lambda wildcards: REFERENCES[wildcards.refs],
        patterns=lambda wildcards, input: ["--patterns", input.patterns] if input.patterns else [],
        method=lambda wildcards: METHODS[wildcards.method],
        targets=[word for target in TARGETS for word in ("--target", target)],
        options=config["score_options"],
    threads: config["threads"]
    resources:
        mem_mb=4000,
        runtime=120,
    conda:
        "config/environment.yaml"
    shell:
        "seqattr score --model {input.model:q} --fasta {input.fasta:q} --refs {params.refs:q}"
        " --method {params.method:q} {params.patterns:q} {params.targets:q} {params.options}"
        " --out {params.out:q} 2> {log:q}"


rule collect:
    input:
        rules.simulate_evaluation.output,
        metrics=expand(f"{OUT}/{{net}}/model.metrics.json", net=NETS),
        scores=SCORES,
    output:
        page=f"{OUT}/benchmark.html",
        tables=expand(f"{OUT}/{{table}}", table=TABLES),
    log:
        f"{OUT}/logs/collect.log",
    benchmark:
        f"{OUT}/benchmarks/collect.tsv"
    params:
        out=subpath(output.page, parent=True),
        simulation=subpath(input[0], parent=True),
        folders=FOLDERS,
        metrics=lambda wildcards, input: [word for path in input.metrics for word in ("--metrics", path)],
    threads: 1
    resources:
        mem_mb=4000,
        runtime=20,
    conda:
        "config/environment.yaml"
    shell:
        "seqattr benchmark collect {params.folders:q} --simulation {params.simulation:q} {params.metrics:q}"
        " --out {params.out:q} 2> {log:q}"


rule report:
    input:
        expand(f"{OUT}/{{{{net}}}}/{{{{refs}}}}/{{{{method}}}}/{{file}}", file=FILES_OF_SCORES),
        motifs=motif_files_among(MOTIFS),
    output:
        f"{OUT}/{{net}}/{{refs}}/{{method}}/report/report.html",
    log:
        f"{OUT}/logs/report/{{net}}/{{refs}}/{{method}}.log",
    benchmark:
        f"{OUT}/benchmarks/report/{{net}}/{{refs}}/{{method}}.tsv"
    params:
        scores=subpath(input[0], parent=True),
        out=subpath(output[0], parent=True),
        motifs=[word for path in MOTIFS for word in ("--motifs", path)],
        options=config["report_options"],
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    conda:
        "config/environment.yaml"
    shell:
        "seqattr report {params.scores:q} {params.motifs:q} {params.options} --out {params.out:q} 2> {log:q}"
