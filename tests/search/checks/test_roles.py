"""Events that have two roles are counted pair by pair."""

import numpy as np

from strangeness.core.identity import identities
from strangeness.search.checks.roles import disjoint_roles


def test_the_pair_with_most_events_is_named_and_all_are_counted() -> None:
    ids = identities("reference", 20)
    check = disjoint_roles({"a": ids[:8], "b": ids[7:14], "c": ids[12:], "d": ids[19:]})
    assert (check.p, check.statistic, check.passed) == (0.0, 4.0, False)
    assert check.text == "2 events have the roles 'b' and 'c' at once" and check.name == "disjoint roles"
    one = disjoint_roles({"a": ids[:8], "b": ids[7:14]})
    assert one.text == "1 event has the roles 'a' and 'b' at once" and one.statistic == 1
    # an event that is listed twice in one role has one role
    fine = disjoint_roles({"a": np.concatenate([ids[:3], ids[:3]]), "b": ids[3:5]})
    assert (fine.p, fine.statistic, fine.passed, fine.text) == (1.0, 0.0, True, "no event has two roles")
