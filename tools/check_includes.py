#!/usr/bin/env python3
"""Checks that a room includes only what stands to its left, and that public headers are free of other libraries.

The rooms and what they may use are in tools/rooms.txt. A public header rondo/<room>/<stem>.h belongs to that room, a
header rondo/<stem>.h to the room with a source <stem>.cc, or <stem>_….cc, that includes it; otherwise to the leftmost
room that may include all that it includes. Exit status 1 and one line for each offence.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
STANDARD = re.compile(r"^[a-z_0-9]+$")  # <vector>, <cstdint>; every other library has a slash or a suffix
# Not under src/: these stand to the right of every room.
LAST = "apps"


def read_rooms(path: Path) -> dict[str, list[str]]:
    rooms: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        line = line.split("#")[0].strip()
        if not line:
            continue
        room, _, uses = line.partition(":")
        unknown = [use for use in uses.split() if use not in rooms]
        if unknown:
            sys.exit(f"error: {path.name}: room {room} uses {', '.join(unknown)}, which must stand above it")
        rooms[room] = uses.split()
    return rooms


def includes_of(path: Path) -> list[tuple[int, str, bool]]:
    """(line number, name, whether in angle brackets) of each include."""
    found = []
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            found.append((number, match[1] or match[2], match[2] is not None))
    return found


class House:
    def __init__(self, root: Path):
        self.root = root
        self.rooms = read_rooms(root / "tools" / "rooms.txt")
        self.order = list(self.rooms)
        self.header_rooms: dict[str, str] = {}
        self.offences: list[str] = []

    def may_use(self, room: str, other: str) -> bool:
        return room == other or room == LAST or other in self.rooms.get(room, [])

    def home_by_source(self, name: str) -> str | None:
        """The room with the source of rondo/<name>, if there is one; the exact name counts before longer ones."""
        folder = name.split("/")[0]
        if "/" in name and folder in self.rooms:
            return folder
        stem = Path(name).stem
        for pattern in (f"{stem}.cc", f"{stem}_*.cc"):
            for room in self.rooms:
                for source in sorted((self.root / "src" / room).glob(f"**/{pattern}")):
                    if any(include == f"rondo/{name}" for _, include, _ in includes_of(source)):
                        return room
        return None

    def room_of_header(self, name: str, trail: tuple[str, ...] = ()) -> str:
        """Room of the public header rondo/<name>."""
        if name in self.header_rooms:
            return self.header_rooms[name]
        path = self.root / "include" / "rondo" / name
        home = self.home_by_source(name)
        if home is None:
            if name in trail or not path.is_file():
                return self.order[0]
            used = set()
            for _, include, _ in includes_of(path):
                if include.startswith("rondo/"):
                    used.add(self.room_of_header(include.removeprefix("rondo/"), trail + (name,)))
            home = next((room for room in self.order if all(self.may_use(room, other) for other in used)), LAST)
        self.header_rooms[name] = home
        return home

    def target_room(self, include: str) -> str | None:
        if include.startswith("rondo/"):
            return self.room_of_header(include.removeprefix("rondo/"))
        first = include.split("/")[0]
        return first if "/" in include and first in self.rooms else None

    def complain(self, path: Path, number: int, what: str) -> None:
        self.offences.append(f"{path.relative_to(self.root)}:{number}: error: {what}")

    def check_order(self, path: Path, room: str) -> None:
        for number, include, _ in includes_of(path):
            if include.startswith("rondo/") and not (self.root / "include" / include).is_file():
                self.complain(path, number, f'there is no public header "{include}"')
                continue
            other = self.target_room(include)
            if other is not None and not self.may_use(room, other):
                uses = ", ".join(self.rooms.get(room, [])) or "nothing"
                self.complain(
                    path, number, f'room {room} may use {uses}, but "{include}" belongs to {other}; see tools/rooms.txt'
                )

    def check_public(self, path: Path) -> None:
        for number, include, angled in includes_of(path):
            standard = angled and STANDARD.match(include)
            if not standard and not include.startswith("rondo/"):
                self.complain(
                    path, number, f'a public header includes the standard library and rondo/ only, not "{include}"'
                )

    def check(self) -> int:
        public = sorted((self.root / "include").glob("**/*.h"))
        for path in public:
            self.check_public(path)
            name = path.relative_to(self.root / "include" / "rondo").as_posix()
            self.check_order(path, self.room_of_header(name))
        count = len(public)
        for room in self.rooms:
            for path in sorted((self.root / "src" / room).glob("**/*")):
                if path.suffix in (".h", ".cc", ".in"):
                    self.check_order(path, room)
                    count += 1
        for folder in sorted((self.root / "src").glob("*/")):
            if folder.is_dir() and folder.name not in self.rooms:
                self.offences.append(f"src/{folder.name}: error: this room is not in tools/rooms.txt")
        for offence in self.offences:
            print(offence)
        print(f"include order: {count} files, {len(self.offences)} offences")
        return 1 if self.offences else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--list", action="store_true", help="print the room of each public header")
    options = parser.parse_args()
    house = House(options.root.resolve())
    if options.list:
        for path in sorted((house.root / "include" / "rondo").glob("**/*.h")):
            name = path.relative_to(house.root / "include" / "rondo").as_posix()
            print(f"{house.room_of_header(name):8} rondo/{name}")
        return 0
    return house.check()


if __name__ == "__main__":
    sys.exit(main())
