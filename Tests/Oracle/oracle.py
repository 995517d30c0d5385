"""Does the warehouse answer what the definitions give? DuckDB over the lake's files, beside the release binary.

  oracle.py BINARY                   hold every question, mart and query of a dashboard against it
  oracle.py BINARY --only PATTERN    those alone whose name has it, in either part
  oracle.py BINARY --make-sample     make the sample that ships, and DuckDB's answers to it, anew

The first part is the sample (sample.py), whose answers are fixed; the second a log of five weeks up to now, made anew.
"""

import argparse
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fresh
import registry
import sample
from warehouse import Warehouse


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=Path)
    parser.add_argument("--only", default="", metavar="PATTERN")
    parser.add_argument("--make-sample", action="store_true")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave the log and the warehouse of the second part there")
    arguments = parser.parse_args()
    registry.require_all()
    binary = arguments.binary.resolve()
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="oracle-"))
    try:
        if arguments.make_sample:
            sample.make(binary, folder)
            return
        # Beside each other, as each of them waits for PostgreSQL.
        with ThreadPoolExecutor(2) as parts:
            kept = parts.submit(sample.check, Warehouse(binary, folder / "sample"), arguments.only)
            new = parts.submit(fresh.check, Warehouse(binary, folder / "fresh"), folder, arguments.only)
            checks = kept.result() + new.result()
        if arguments.keep:
            shutil.copytree(folder, arguments.keep)
    finally:
        shutil.rmtree(folder)
    wrong = [text for text in checks if text is not None]
    print("\n".join(wrong), end="\n" if wrong else "")
    print(f"oracle: {len(checks)} answers, {len(wrong)} wrong, in {time.monotonic() - began:.0f} s")
    if wrong or not checks:
        sys.exit(1)


if __name__ == "__main__":
    main()
