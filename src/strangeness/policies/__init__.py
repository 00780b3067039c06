"""Who may train on the tested data, and where the null of such a search comes from."""

from strangeness.policies.exchange import LabelExchange
from strangeness.policies.policy import HalfSplit, KFold, Policy, SameData
from strangeness.policies.pseudo_data import PseudoData

__all__ = ["HalfSplit", "KFold", "LabelExchange", "Policy", "PseudoData", "SameData"]
