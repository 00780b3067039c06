"""From selected events to a statement: bump hunts, counting experiments and their checks."""
