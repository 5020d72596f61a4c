"""The NetCDF library is never entered by two threads at once: it would end the process."""

from __future__ import annotations

import subprocess
import sys

MANY_READERS = """
import threading
from surrogate.store import available_tables, read_any

def read():
    for path in available_tables():
        read_any(path)

readers = [threading.Thread(target=read) for _ in range(6)]
for reader in readers:
    reader.start()
for reader in readers:
    reader.join()
print("read")
"""


def test_threads_read_tables_at_once():
    result = subprocess.run(
        [sys.executable, "-c", MANY_READERS], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result
    assert result.stdout.split() == ["read"]
