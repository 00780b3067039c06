"""What every room stands on: batches, estimators, training, cards, errors and artefacts."""
