"""What a fitted detector has learned: entanglement over its sites, and which features it can do without."""
