"""The mathematics of matrix-product states, trees and MERA; knows no detector and no file."""
