"""Collider events from Pythia 8 and FastJet: hard process, detector step, jets, substructure, samples.

Needs the extra ``generate``; nothing here is imported by reading the shipped samples. Multiparton
interactions are off unless a process or a request has them on; there is no pile-up.
"""
