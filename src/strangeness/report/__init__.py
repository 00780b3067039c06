"""What a run is shown as: a versioned summary and one self-contained page."""
