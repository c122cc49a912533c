# Scores in shards: a job for each, by seqattr; then merged, to the same bytes as without shards.
SHARDS = config["shards"]
SHARD = f"{OUT}/{{net}}/{{refs}}/{{method}}/shards/{{shard}}-{SHARDS}/shard.json"


ruleorder: merge > score


use rule score as score_shard with:
    output:
        SHARD,
    log:
        f"{OUT}/logs/score/{{net}}/{{refs}}/{{method}}/{{shard}}-{SHARDS}.log",
    benchmark:
        f"{OUT}/benchmarks/score/{{net}}/{{refs}}/{{method}}/{{shard}}-{SHARDS}.tsv"
    params:
        shard=lambda wildcards: ["--shard", f"{wildcards.shard}/{SHARDS}"],


rule merge:
    input:
        [SHARD.replace("{shard}", str(shard)) for shard in range(1, SHARDS + 1)],
    output:
        expand(f"{OUT}/{{{{net}}}}/{{{{refs}}}}/{{{{method}}}}/{{file}}", file=FILES),
    log:
        f"{OUT}/logs/merge/{{net}}/{{refs}}/{{method}}.log",
    benchmark:
        f"{OUT}/benchmarks/merge/{{net}}/{{refs}}/{{method}}.tsv"
    params:
        shards=lambda wildcards, input: parents(input),
        out=subpath(output[0], parent=True),
    threads: 1
    resources:
        mem_mb=8000,
        runtime=120,
    conda:
        "environment.yaml"
    shell:
        "seqattr merge {params.shards:q} --out {params.out:q} 2> {log:q}"


# They are removed by a job of their own, so that none is lost where a merge is killed.
rule remove_shards:
    input:
        rules.merge.output,
    output:
        touch(f"{OUT}/logs/merge/{{net}}/{{refs}}/{{method}}.shards_removed"),
    log:
        f"{OUT}/logs/remove_shards/{{net}}/{{refs}}/{{method}}.log",
    params:
        shards=f"{OUT}/{{net}}/{{refs}}/{{method}}/shards",
    localrule: True
    conda:
        "environment.yaml"
    shell:
        "rm -rf {params.shards:q} 2> {log:q}"
