"""Each version that a row took, as triggers of the database saw it.

The triggers note the checkpoint too: it moves before the rows in the same
transaction and ends with the fence of the host that wrote.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

#: The columns of the table ``audit``, in order; n grows with each line.
Line = tuple[int, str, str, str, "int | None", "str | None"]


@dataclass
class Findings:
    """What a check found; each a sentence for the log."""

    lost: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    backward: list[str] = field(default_factory=list)
    #: Rows whose key a Redis that came back older never had: reported by
    #: regear, and kept.
    orphans: int = 0

    def __iadd__(self, other: Findings) -> Findings:
        self.lost += other.lost
        self.stale += other.stale
        self.backward += other.backward
        self.orphans += other.orphans
        return self

    @property
    def good(self) -> bool:
        return not (self.lost or self.stale or self.backward)

    def lines(self) -> list[str]:
        return [
            f"  {kind}: {text}"
            for kind in ("lost", "stale", "backward")
            for text in getattr(self, kind)[:10]
        ]


def check_order(lines: Iterable[Line], losses: Sequence[int] = ()) -> Findings:
    """No row goes back to an older version, and no host writes after another
    one with a higher fence has.

    ``losses``: numbers of the audit's last line when a Redis came back older
    than it was; each row may go back once after each.
    """
    findings = Findings()
    last: dict[tuple[str, str], int] = {}
    used: dict[tuple[str, str], int] = defaultdict(int)
    fences: dict[str, int] = defaultdict(int)
    for number, table, row, operation, version, checkpoint in lines:
        fence = _fence(checkpoint)
        if fence < fences[table]:
            findings.backward.append(
                f"audit {number}: {table} {row} written with fence {fence}"
                f" after fence {fences[table]}"
            )
        fences[table] = max(fences[table], fence)
        if version is None or operation == "D":
            continue
        place = (table, row)
        before = last.get(place)
        last[place] = version
        if before is None or version >= before:
            continue
        if used[place] < sum(loss <= number for loss in losses):
            used[place] += 1
            continue
        findings.backward.append(
            f"audit {number}: {table} {row} went from {before} to {version}"
        )
    return findings


def _fence(checkpoint: str | None) -> int:
    return int(checkpoint.rpartition(":")[2]) if checkpoint else 0
