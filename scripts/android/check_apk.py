#!/usr/bin/env python3
"""check_apk.py FILE.apk|FILE.aar...: what a packed app must keep, and no source can promise.

Phones with pages of 16 KB load a native library only if its segments are aligned to 16 KB in the file of the library and, where the APK holds it
uncompressed, the library itself is in the APK (https://developer.android.com/guide/practices/page-sizes). 32-bit libraries are not for them and only
counted. Prints one line a library; exit 1 when one is not aligned or an APK holds none.
"""

import struct
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

PAGE = 16 << 10
PT_LOAD = 1
ELF64 = 2
LOCAL_HEADER = 30  # bytes of a zip's local header before the entry's name


def load_alignments(elf: bytes) -> Iterator[int]:
    """p_align of each PT_LOAD segment of a 64-bit little-endian ELF file (gABI, "Program Header")."""
    offset = struct.unpack_from("<Q", elf, 32)[0]
    size, count = struct.unpack_from("<HH", elf, 54)
    for header in range(count):
        start = offset + header * size
        if struct.unpack_from("<I", elf, start)[0] == PT_LOAD:
            yield struct.unpack_from("<Q", elf, start + 48)[0]


def place_of(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> int:
    """Where in the archive the entry's bytes begin."""
    archive.fp.seek(entry.header_offset)
    name, extra = struct.unpack_from("<HH", archive.fp.read(LOCAL_HEADER), 26)
    return entry.header_offset + LOCAL_HEADER + name + extra


def faults(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, elf: bytes, packed: bool) -> list[str]:
    """What keeps a phone with large pages from loading the library."""
    found = []
    if (smallest := min(load_alignments(elf), default=0)) < PAGE:
        found.append(
            f"its segments are aligned to {smallest} bytes, wanted {PAGE}: link it with -Wl,-z,max-page-size={PAGE}"
        )
    if packed and entry.compress_type == zipfile.ZIP_STORED and place_of(archive, entry) % PAGE:
        found.append(
            f"it begins at {place_of(archive, entry)} in the APK, wanted a multiple of {PAGE}: run zipalign -P 16"
        )
    return found


def check(path: Path) -> bool:
    """Whether all libraries of an archive are aligned; prints what it finds."""
    good, libraries = True, 0
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if not entry.filename.endswith(".so"):
                continue
            libraries += 1
            elf = archive.read(entry)
            if elf[:4] != b"\x7fELF" or elf[4] != ELF64:
                print(f"{path.name}: {entry.filename}: not 64-bit")
                continue
            found = faults(archive, entry, elf, packed=path.suffix == ".apk")
            print(f"{path.name}: {entry.filename}: {'; '.join(found) or 'aligned'}")
            good &= not found
    if path.suffix == ".apk" and not libraries:
        print(f"{path.name}: holds no native library, wanted the device core's")
        return False
    return good


if __name__ == "__main__":
    sys.exit(0 if all([check(Path(name)) for name in sys.argv[1:]]) else 1)
