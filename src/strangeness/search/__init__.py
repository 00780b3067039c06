"""From selected events to a statement: bump hunts, counting experiments and the checks that come with them."""
