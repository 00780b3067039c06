"""What the benchmarks and the validation share: cases, targets, shards and committed results."""
