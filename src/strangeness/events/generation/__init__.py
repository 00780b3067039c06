"""Collider events from Pythia 8 and FastJet: hard process, first detector step, jets, substructure, samples.

Needs the extra ``generate``; nothing here is imported by reading the shipped samples. Multiparton
interactions and pile-up are off in every process.
"""
