"""Detectors: arrays to scores, one mechanism a file; higher = stranger."""
