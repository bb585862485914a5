"""RG.STATUS as a person reads it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

_STATE_STYLES = {
    "running": "green",
    "connecting": "yellow",
    "retrying": "yellow",
    "reconciling": "yellow",
    "paused": "yellow",
    "stopped": "red",
    "sealed": "red",
}

Document = dict[str, Any]


def render(document: Document) -> RenderableType:
    """A table of the registrations, and lines for what needs attention."""
    registrations = document["registrations"]
    parts: list[RenderableType] = [_host(document["host"])]
    parts += [_line(text, "yellow") for text in document.get("warnings") or ()]
    through = [one for one in registrations if one.get("through")]
    behind = [one for one in registrations if not one.get("through")]
    if behind:
        parts.append(_table(behind))
    if through:
        parts.append(_through_table(through))
    if not registrations:
        parts.append(Text("nothing is registered"))
    for registration in registrations:
        parts += _trouble(registration)
        parts += _remarks(registration)
    parts += [_orphan(orphan) for orphan in document.get("orphans") or ()]
    return Group(*parts)


def _host(host: Document) -> Text:
    if host["attached"]:
        return Text(f"host attached, fence {host['fence']}", style="green")
    absence = host.get("absence", "try: regear host")
    return Text(f"no host is attached ({absence})", style="red")


def _table(registrations: list[Document]) -> Table:
    texts = ("name", "version", "keys", "table", "state")
    table = _columns(texts, ("backlog", "rate/s", "lag"))
    # Columns that are empty on most days are left out on those.
    counts = [
        title
        for title in ("dead", "parked")
        if any(_count(registration, title) for registration in registrations)
    ]
    for title in counts:
        table.add_column(title, justify="right", no_wrap=True, style="red")
    for registration in registrations:
        work = _work(registration)
        table.add_row(
            registration["name"],
            registration["version"] or "-",
            registration["prefix"] + "*",
            registration["table"],
            _shown_state(registration),
            str(registration["backlog"]),
            f"{work.get('rate', 0):.0f}",
            _duration(work.get("lag_ms")),
            *(str(_count(registration, title)) for title in counts),
        )
    return table


def _through_table(registrations: list[Document]) -> Table:
    """Those whose clients wait for the database."""
    numbers = ("waiting", "writes/s", "commit", "refused", "in doubt")
    table = _columns(("name", "keys", "table", "state"), numbers)
    for registration in registrations:
        work, counts = _work(registration), registration["through"]
        commit = _mean(work.get("commit_seconds"))
        table.add_row(
            registration["name"],
            registration["prefix"] + "*",
            registration["table"],
            _shown_state(registration),
            str(counts["waiting"] + counts["in_flight"]),
            f"{work.get('rate', 0):.0f}",
            "-" if commit is None else f"{1000 * commit:.1f} ms",
            str(counts["refused"]),
            str(counts["in_doubt"]),
        )
    return table


def _columns(texts: Iterable[str], numbers: Iterable[str]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in texts:
        table.add_column(title, overflow="fold")
    for title in numbers:
        table.add_column(title, justify="right", no_wrap=True)
    return table


def _shown_state(registration: Document) -> Text:
    state = _state(registration)
    return Text(state, style=_STATE_STYLES.get(state, ""))


def _mean(histogram: Document | None) -> float | None:
    total = sum(histogram["counts"]) if histogram else 0
    return histogram["sum"] / total if histogram and total else None


def _count(registration: Document, title: str) -> int:
    """Changes that are dead letters, or parked: as the server counts them, or
    the host."""
    of_server = {"dead": "dead_letters", "parked": "parked_changes"}[title]
    of_host = {"dead": "dead_letters", "parked": "parked"}[title]
    return registration.get(of_server) or _work(registration).get(of_host) or 0


def _work(registration: Document) -> Document:
    return registration["status"] or {}


def _state(registration: Document) -> str:
    if registration.get("paused"):
        return "paused"
    work = registration["status"]
    if work:
        return str(work["state"])
    return "no host" if registration.get("through") else "captured only"


def _trouble(registration: Document) -> list[Text]:
    """What keeps rows from being written."""
    name, work = registration["name"], _work(registration)
    lines = []
    if work.get("last_error"):
        line = f"{name}: {work['last_error']}"
        if work.get("hint"):
            line += f" (try: {work['hint']})"
        lines.append(line)
    if registration.get("capture_error"):
        lines.append(f"{name}: {registration['capture_error']}")
    lost = work.get("captured_lost") or registration.get("captured_lost")
    if lost:
        lines.append(f"{name}: {lost} captured changes were lost")
    dead = _count(registration, "dead")
    if dead:
        lines.append(
            f"{name}: {dead} changes were refused by the database"
            f" (try: regear dead-letters {name})"
        )
    return [_line(text, "red") for text in lines]


def _remarks(registration: Document) -> list[Text]:
    """What goes by itself, or is good to know."""
    name, work = registration["name"], _work(registration)
    lines = []
    if registration.get("paused"):
        lines.append(f"{name}: paused (try: regear resume {name})")
    parked = _count(registration, "parked")
    if parked:
        lines.append(f"{name}: {parked} changes wait for a row of another table")
    if registration.get("dirty_keys"):
        lines.append(
            f"{name}: {registration['dirty_keys']} keys changed while the backlog was"
            " full: their state is read when there is room"
        )
    if work.get("reconcile"):
        lines.append(f"{name}: {_reconciling(work['reconcile'])}")
    lines += [f"{name}: {text}" for text in registration.get("warnings") or ()]
    lines += [f"{name}: {text}" for text in (registration.get("notes") or {}).values()]
    return [_line(text, "yellow") for text in lines]


def _reconciling(progress: Document) -> str:
    text = f"{progress['reason']}: {progress['keys']} keys captured anew"
    if progress.get("rows_without_key"):
        text += f", {progress['rows_without_key']} rows have no key"
    return text


def _orphan(orphan: Document) -> Text:
    name = orphan["name"]
    members = ("backlog", "dead_letters", "parked_changes", "dirty_keys")
    backlog = sum(orphan.get(member) or 0 for member in members)
    return _line(
        f"{name} is not registered any more and left {backlog} changes behind"
        f" (try: load its recipe again, or regear purge {name})",
        "yellow",
    )


def _line(text: str, style: str) -> Text:
    return Text(text, style=style, overflow="fold")


def _duration(milliseconds: Any) -> str:
    if milliseconds is None:
        return "-"
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    return f"{milliseconds / 1000:.1f} s"
