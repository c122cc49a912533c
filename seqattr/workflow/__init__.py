"""The Snakemake workflows that `seqattr workflow` writes: plain files, read where there is no seqattr."""
