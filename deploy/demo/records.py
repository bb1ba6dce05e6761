"""The demo's data: readings of Chinese characters from the Unicode Han database, as Debian's unicode-data ships it."""

import bz2
import os

FILE = "/usr/share/unicode/Unihan_Readings.txt.bz2"
LEAST = 100_000


def load():
    """[(key, value)], both bytes: (b"U+4E00:kMandarin", "yī" in UTF-8). Fails when the file is not the expected one."""
    if not os.path.exists(FILE):
        raise SystemExit(f"{FILE} is missing: ./dev deps installs it (package unicode-data)")
    records = []
    with bz2.open(FILE, "rb") as file:
        for line in file:
            if line.startswith(b"U+"):
                code, name, value = line.rstrip(b"\n").split(b"\t", 2)
                records.append((code + b":" + name, value))
    if len(records) < LEAST:
        raise SystemExit(f"{FILE} has {len(records)} records only")
    return records
