#!/usr/bin/env python3
"""Checks who includes whom: rooms, the folders inside a room, the command line and public headers.

tools/rooms.txt lists the rooms (folders of src/) and what each may use, and the folders of a room in their order. A
public header rondo/<room>/<name>.h belongs to that room, and to the folder of it that lists <name>. Nothing is
guessed: what is not listed is an offence. apps/ includes public headers and its own only. Exit status 1 and one line
for each offence.
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
STANDARD = re.compile(r"^[a-z_0-9]+$")  # <vector>, <cstdint>; every other library has a slash or a suffix
SOURCES = (".h", ".cc", ".in")
UMBRELLA = "rondo.h"  # includes every public header


@dataclass
class Room:
    uses: list[str]
    folders: list[str] = field(default_factory=list)  # in their order; "." is the room's own folder
    headers: dict[str, str] = field(default_factory=dict)  # public header -> its folder


def read_rooms(path: Path) -> dict[str, Room]:
    rooms: dict[str, Room] = {}
    for number, text in enumerate(path.read_text().splitlines(), 1):
        line = text.split("#")[0].rstrip()
        if not line:
            continue
        name, colon, rest = line.partition(":")
        if not colon:
            sys.exit(f"{path.name}:{number}: error: no colon in '{line}'")
        if not line[0].isspace():
            unknown = [use for use in rest.split() if use not in rooms]
            if unknown:
                sys.exit(
                    f"{path.name}:{number}: error: room {name} uses {', '.join(unknown)}, which must stand above it"
                )
            rooms[name] = Room(rest.split())
            continue
        room = list(rooms.values())[-1]
        room.folders.append(name.strip())
        room.headers.update({header: name.strip() for header in rest.split()})
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
        self.offences: list[str] = []
        self.count = 0

    def complain(self, path: Path, number: int, what: str) -> None:
        self.offences.append(f"{path.relative_to(self.root)}:{number}: error: {what}")

    def files(self, *folders: str) -> list[Path]:
        found = sorted(
            path for folder in folders for path in (self.root / folder).glob("**/*") if path.suffix in SOURCES
        )
        self.count += len(found)
        return found

    def place_of(self, include: str) -> tuple[str, str] | None:
        """(room, folder) of an include of ours; the folder is "" where a room lists none."""
        public = include.startswith("rondo/")
        room_name, _, rest = include.removeprefix("rondo/").partition("/")
        room = self.rooms.get(room_name)
        if room is None or not rest:
            return None
        if not room.folders:
            return room_name, ""
        if public:
            return room_name, room.headers.get(rest.removesuffix(".h"), "")
        return room_name, rest.rpartition("/")[0] or "."

    def check_public(self) -> None:
        for path in self.files("include/rondo"):
            name = path.relative_to(self.root / "include").as_posix()
            place = self.place_of(name)
            if name == f"rondo/{UMBRELLA}":
                continue
            if place is None:
                self.complain(path, 1, "a public header lies in the folder of its room, rondo/<room>/<name>.h")
                continue
            room, folder = place
            if self.rooms[room].folders and not folder:
                self.complain(path, 1, f"tools/rooms.txt does not say to which folder of {room} it belongs")
            for number, include, angled in includes_of(path):
                if not (angled and STANDARD.match(include)) and not include.startswith("rondo/"):
                    self.complain(
                        path, number, f'a public header includes the standard library and rondo/ only, not "{include}"'
                    )
            self.check_order(path, room, folder)

    def check_order(self, path: Path, room_name: str, folder: str) -> None:
        room = self.rooms[room_name]
        for number, include, _ in includes_of(path):
            if include == f"rondo/{UMBRELLA}":
                self.complain(path, number, "the library includes single headers")
                continue
            place = self.place_of(include)
            if include.startswith("rondo/") and not (self.root / "include" / include).is_file():
                self.complain(path, number, f'there is no public header "{include}"')
            elif place is None:
                continue
            elif place[0] != room_name:
                if place[0] not in room.uses:
                    uses = ", ".join(room.uses) or "nothing"
                    self.complain(
                        path,
                        number,
                        f'room {room_name} may use {uses}, but "{include}" belongs to {place[0]}; see tools/rooms.txt',
                    )
            elif folder in room.folders and place[1] in room.folders:
                if room.folders.index(place[1]) > room.folders.index(folder):
                    self.complain(
                        path,
                        number,
                        f'in room {room_name} {folder} stands before {place[1]}, to which "{include}" belongs',
                    )

    def check_rooms(self) -> None:
        for name, room in self.rooms.items():
            home = self.root / "src" / name
            for path in self.files(f"src/{name}"):
                folder = path.parent.relative_to(home).as_posix()
                if room.folders and folder not in room.folders:
                    self.complain(path, 1, f"tools/rooms.txt does not list the folder {folder} of room {name}")
                self.check_order(path, name, folder)
            for header in room.headers:
                if not (self.root / "include" / "rondo" / name / f"{header}.h").is_file():
                    self.offences.append(
                        f"tools/rooms.txt: error: room {name} lists {header}, but there is no rondo/{name}/{header}.h"
                    )
        for folder in sorted((self.root / "src").glob("*/")):
            if folder.is_dir() and folder.name not in self.rooms:
                self.offences.append(f"src/{folder.name}: error: this room is not in tools/rooms.txt")

    def check_apps(self) -> None:
        for path in self.files("apps", "examples"):
            for number, include, _ in includes_of(path):
                if not include.startswith("rondo/") and (self.root / "src" / include).is_file():
                    self.complain(path, number, f'programs include public headers only, not "{include}"')

    def check(self) -> int:
        self.check_public()
        self.check_rooms()
        self.check_apps()
        for offence in self.offences:
            print(offence)
        print(f"include order: {self.count} files, {len(self.offences)} offences")
        return 1 if self.offences else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    options = parser.parse_args()
    return House(options.root.resolve()).check()


if __name__ == "__main__":
    sys.exit(main())
