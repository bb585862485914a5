"""Which registrations a new one takes the place of."""

from __future__ import annotations

from regear._registry import Rule, Snapshot
from regear._versions import may_replace
from regear.errors import VersionConflict

CONFLICT = "Found a version which is greater or equals current version, aborting."


def replaced_rules(snapshot: Snapshot, name: str, version: str | None) -> list[Rule]:
    """The older registrations of exactly this name.

    Raises VersionConflict if one is not older. One that nobody can run any
    more (sealed by another key) gives way to its own version too: loading the
    recipe again is the remedy.
    """
    older = [rule for rule in snapshot.rules if rule.name == name]
    for rule in older:
        if may_replace(version, rule.version):
            continue
        if snapshot.is_sealed(rule) and version == rule.version:
            continue
        raise VersionConflict(CONFLICT, f"raise the version above {rule.version}")
    return older
