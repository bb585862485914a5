"""What a unit of systemd lets its service do, read from its files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

FOLDERS = (
    Path("/etc/systemd/system"),
    Path("/run/systemd/system"),
    Path("/usr/local/lib/systemd/system"),
    Path("/usr/lib/systemd/system"),
    Path("/lib/systemd/system"),
)
#: Of the packages that Redis and Valkey come in.
NAMES = ("redis-server", "redis", "valkey-server", "valkey")
_YES = ("yes", "true", "on", "1")


def find_units(folders: Sequence[Path] = FOLDERS) -> Iterator[Path]:
    """The units of the servers that are installed."""
    seen = set()
    for name in NAMES:
        for folder in folders:
            file = folder / f"{name}.service"
            if file.is_file() and file.resolve() not in seen:
                seen.add(file.resolve())
                yield file
                break


class Unit:
    def __init__(self, file: Path, folders: Sequence[Path] = FOLDERS) -> None:
        self.name = file.name
        self._settings: dict[str, list[str]] = {}
        drop_ins = {
            drop_in.name: drop_in
            for folder in reversed([*folders, file.parent])
            for drop_in in (folder / f"{file.name}.d").glob("*.conf")
        }
        for path in (file, *(drop_ins[name] for name in sorted(drop_ins))):
            self._read(path)

    def _read(self, path: Path) -> None:
        section = ""
        text = path.read_text(errors="replace").replace("\\\n", " ")
        for line in map(str.strip, text.splitlines()):
            if line.startswith("["):
                section = line
            name, equals, value = line.partition("=")
            if section != "[Service]" or not equals or line[0] in "#;":
                continue
            values = self._settings.setdefault(name.strip(), [])
            if value.strip():
                values.append(value.strip())
            else:
                values.clear()  # an empty one takes back those before

    def value(self, name: str) -> str:
        return (self._settings.get(name) or [""])[-1]

    def paths(self, *names: str) -> list[Path]:
        words = [
            word
            for name in names
            for value in self._settings.get(name, ())
            for word in value.split()
        ]
        return [Path(word.lstrip("-+")) for word in words]

    def may_execute(self, path: Path) -> bool:
        """Also to map it as code. The longest path that names it decides."""
        return _depth(path, self.paths("ExecPaths")) >= _depth(
            path, self.paths("NoExecPaths")
        )

    def may_read(self, path: Path) -> bool:
        hidden = self.value("ProtectHome").lower() in (*_YES, "tmpfs")
        homes = [Path("/home"), Path("/root"), Path("/run/user")]
        return not hidden or not _depth(path, homes)

    def may_write(self, path: Path) -> bool:
        protect = self.value("ProtectSystem").lower()
        closed = {"strict": ["/"], "full": ["/usr", "/boot", "/etc"]}
        default = ["/usr", "/boot"] if protect in _YES else []
        places = [Path(place) for place in closed.get(protect, default)]
        names = ("ReadWritePaths", "ReadWriteDirectories")
        open_places = self.paths(*names)
        for kind in ("State", "Runtime", "Cache", "Logs"):
            root = {"State": "/var/lib", "Runtime": "/run"}.get(kind, "")
            root = root or {"Cache": "/var/cache", "Logs": "/var/log"}[kind]
            folders = self.paths(f"{kind}Directory")
            open_places += [Path(root) / folder for folder in folders]
        return _depth(path, open_places) >= _depth(path, places)


def _depth(path: Path, places: list[Path]) -> int:
    """Of the deepest place that holds ``path``; 0: none does."""
    path = path.resolve()
    holds = [place.resolve() for place in places if place != Path("")]
    return max(
        (len(one.parts) for one in holds if one == path or one in path.parents),
        default=0,
    )
