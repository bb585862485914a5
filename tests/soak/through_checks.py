"""What both sides hold in the end, against what clients were told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tests.soak.audit import Findings
from tests.soak.through_orders import Order, Outcome
from tests.soak.through_table import OWN, TAKEN, Row, row_of

Hashes = Mapping[str, Mapping[str, str]]
_SUMS = ("visits", "score")
_REGISTERS = ("token", "echo", *OWN)


def check(
    history: Sequence[Order],
    hashes: Hashes,
    rows: Mapping[str, Row],
    audit: Sequence[tuple[str, Row]],
    beside: bool = False,
) -> Findings:
    """``beside``: plain writes reached the table, too."""
    keys = sorted({key for order in history for key in order.keys} | {TAKEN})
    findings = check_equal(keys, hashes, rows, "xm" if beside else "m")
    for key in keys:
        orders = [order for order in history if key in order.keys]
        kind = _kind(key)
        if kind in "sdm":
            _check_registers(kind, key, orders, hashes, rows, findings)
        if kind == "s":
            _check_sums(key, orders, hashes.get(key, {}), findings)
    _check_audit(history, audit, findings)
    return findings


def check_equal(
    keys: Iterable[str], hashes: Hashes, rows: Mapping[str, Row], mortal: str = "m"
) -> Findings:
    """``mortal``: the kinds of keys that may have expired."""
    findings = Findings()
    for key in keys:
        expires = _kind(key) in mortal
        _check_equal(key, hashes.get(key, {}), rows.get(key), expires, findings)
    return findings


def _kind(key: str) -> str:
    return key.partition(":")[2][0]


def _check_equal(
    key: str,
    fields: Mapping[str, str],
    row: Row | None,
    expires: bool,
    findings: Findings,
) -> None:
    expected = row_of(fields)
    if row is None:
        if any(value is not None for value in expected.values()):
            findings.lost.append(f"{key} has no row: {fields}")
        return
    if not fields and not expires:
        findings.stale.append(f"{key} is gone, its row is {row}")
        return
    for name, value in expected.items():
        if row[name] != value and not (expires and value is None):
            findings.stale.append(
                f"{key}: {name} is {row[name]!r} in the row, {value!r} in the hash"
            )
    for state in (fields, row):
        if state.get("token") != state.get("echo"):
            findings.stale.append(f"{key}: half a write in {state}")


def _check_registers(
    kind: str,
    key: str,
    orders: Sequence[Order],
    hashes: Hashes,
    rows: Mapping[str, Row],
    findings: Findings,
) -> None:
    fields = hashes.get(key, {})
    row = rows.get(key) or {}
    plain = {name for order in orders for name in order.sets if name[:5] == "plain"}
    for name in (*_REGISTERS, *sorted(plain)):
        ends = {"hash": fields.get(name), "row": row.get(name)}
        if name in plain:
            del ends["row"]
        for side, value in ends.items():
            if kind == "m" and side == "hash" and value is None:
                continue
            if not explained(name, value, orders, loses_all=kind == "m"):
                last = [str(order) for order in orders if _sets(order, name)][-4:]
                findings.stale.append(
                    f"{key}: nothing explains {name} = {value} in its {side}: {last}"
                )


def explained(
    name: str, value: str | None, orders: Iterable[Order], loses_all: bool = False
) -> bool:
    """Whether some write may have been the last one: no other that was
    confirmed began after it had ended.

    ``loses_all``: any HDEL may have taken the row's last field, after which
    there is no row.
    """
    last_start = float("-inf")  # of what was confirmed
    last_end = float("-inf") if value is None else None  # of what gives `value`
    for order in orders:
        if not order.changed:
            continue
        sets = _sets(order, name)
        removal = order.words[0] == "HDEL"
        gives = sets and order.sets.get(name) == value
        if gives or (value is None and loses_all and removal):
            last_end = max(last_end or order.end, order.end)
        if sets and order.outcome is Outcome.DONE:
            last_start = max(last_start, order.start)
    return last_end is not None and last_end >= last_start


def _sets(order: Order, name: str) -> bool:
    return order.deletes or name in order.sets


def _check_sums(
    key: str, orders: Sequence[Order], fields: Mapping[str, str], findings: Findings
) -> None:
    for name in _SUMS:
        own = [order for order in orders if order.amount and order.words[2] == name]
        done = [order for order in own if order.outcome is Outcome.DONE]
        doubt = [order for order in own if order.outcome is Outcome.DOUBT]
        least = sum(order.amount for order in done)
        most = least + sum(order.amount for order in doubt)
        value = float(fields.get(name, 0))
        if not least <= value <= most:
            kind = findings.lost if value < least else findings.stale
            kind.append(f"{key}: {name} is {value}, not {least} to {most}")
        replies = [str(order.reply) for order in done]
        if len(set(replies)) != len(replies):
            findings.stale.append(f"{key}: two got the same {name}")


def _check_audit(
    history: Sequence[Order], audit: Sequence[tuple[str, Row]], findings: Findings
) -> None:
    seen = {
        (key, name, value) for key, tokens in audit for name, value in tokens.items()
    }
    for order in history:
        if not order.is_through:
            continue
        for name, value in order.sets.items():
            if value is None or name not in ("token", *OWN):
                continue
            was_there = (order.key, name, value) in seen
            done = order.outcome is Outcome.DONE and order.changed
            if done and not was_there:
                findings.lost.append(f"never in the table: {order}")
            nothing = order.refused or order.outcome is Outcome.NOTHING
            if nothing and was_there:
                findings.stale.append(f"was in the table: {order}")
    _check_order(audit, findings)


def _check_order(audit: Sequence[tuple[str, Row]], findings: Findings) -> None:
    """A client's own field never goes back to an older token."""
    last: dict[tuple[str, str], int] = defaultdict(int)
    for line, (key, tokens) in enumerate(audit):
        for name in OWN:
            if tokens[name] is None:
                continue
            number = int(tokens[name].partition("-")[2])
            if number < last[key, name]:
                findings.backward.append(
                    f"audit {line}: {key} {name} went from {last[key, name]}"
                    f" to {number}"
                )
            last[key, name] = number
