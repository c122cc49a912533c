# Scores by seqattr, of one net or of the user's own models; what both workflows have in common.
NEEDS_PATTERNS = {scoring.method_folder: scoring.needs_patterns for scoring in SCORINGS}
METHODS = {scoring.method_folder: scoring.method for scoring in SCORINGS}
REFERENCES = {scoring.references_folder: scoring.references for scoring in SCORINGS}


rule patterns:
    input:
        model=MODELS[0],
        fasta=LEARNED_FROM,
        regions=REGIONS,
    output:
        f"{OUT}/{{net}}/patterns.h5",
    log:
        f"{OUT}/logs/patterns/{{net}}.log",
    benchmark:
        f"{OUT}/benchmarks/patterns/{{net}}.tsv"
    params:
        regions=lambda wildcards, input: words("--regions", input.regions),
        options=FITTING,
    threads: config["threads"]
    resources:
        mem_mb=4000,
        runtime=120,
    conda:
        "environment.yaml"
    shell:
        "seqattr patterns --model {input.model:q} --fasta {input.fasta:q} {params.regions:q} {params.options}"
        " --threads {threads} --out {output:q} 2> {log:q}"


# A job that was killed finds its finished blocks in its folder, so no folder is an output: Snakemake would empty it.
rule score:
    input:
        models=MODELS,
        fasta=FASTA,
        regions=REGIONS,
        references=lambda wildcards: reference_file(REFERENCES[wildcards.refs]),
        patterns=branch(
            lambda wildcards: NEEDS_PATTERNS[wildcards.method], then=f"{OUT}/{{net}}/patterns.h5", otherwise=[]
        ),
    output:
        expand(f"{OUT}/{{{{net}}}}/{{{{refs}}}}/{{{{method}}}}/{{file}}", file=FILES),
    log:
        f"{OUT}/logs/score/{{net}}/{{refs}}/{{method}}.log",
    benchmark:
        f"{OUT}/benchmarks/score/{{net}}/{{refs}}/{{method}}.tsv"
    params:
        out=subpath(output[0], parent=True),
        models=lambda wildcards, input: words("--model", input.models),
        regions=lambda wildcards, input: words("--regions", input.regions),
        refs=lambda wildcards: REFERENCES[wildcards.refs],
        method=lambda wildcards: METHODS[wildcards.method],
        patterns=lambda wildcards, input: words("--patterns", input.patterns),
        targets=words("--target", TARGETS),
        device=words("--device", devices(config["gpus"])),
        options=SCORE_OPTIONS,
        shard=[],
    threads: config["threads"]
    retries: config["retries"]
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=240,
        gpu=config["gpus"],
    conda:
        "environment.yaml"
    shell:
        "seqattr score {params.models:q} --fasta {input.fasta:q} {params.regions:q} --refs {params.refs:q}"
        " --method {params.method:q} {params.patterns:q} {params.targets:q} {params.device:q} {params.options}"
        " {params.shard:q} --threads {threads} --out {params.out:q} 2> {log:q}"
