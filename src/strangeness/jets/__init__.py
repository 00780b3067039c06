"""The mathematics of jets: sequential recombination, axes, shapes; knows no detector and no file."""
