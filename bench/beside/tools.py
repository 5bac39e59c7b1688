"""Where the tools are, and what a process costs.

The other program and the scorer live in a virtual environment under SOHOA_CACHE, made on first use.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

CACHE = Path(os.environ.get("SOHOA_CACHE", Path.home() / ".cache/sohoa"))
VENV = CACHE / "ocrmypdf"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", CACHE / "build"))
SOHOA = os.environ.get("SOHOA_BIN", str(TARGET / "release/sohoa"))
SAMPLES = os.environ.get("SOHOA_SAMPLES", str(TARGET / "release/sohoa-samples"))
OCRMYPDF = str(VENV / "bin/ocrmypdf")
PACKAGES = ("ocrmypdf==17.1.0", "rapidfuzz==3.14.6")
NEEDED = {
    "gs": "ghostscript", "pdfimages": "poppler-utils", "pdfinfo": "poppler-utils",
    "pdftoppm": "poppler-utils", "pdftotext": "poppler-utils", "qpdf": "qpdf",
    "tesseract": "tesseract-ocr",
}


def enter(*more):
    """Continues in the virtual environment, with `more` packages; makes it where it is missing."""
    if Path(sys.prefix) == VENV:
        return
    missing = sorted({package for tool, package in NEEDED.items() if not shutil.which(tool)})
    if missing:
        sys.exit(f"missing: apt-get install {' '.join(missing)}")
    for program in (SOHOA, SAMPLES):
        if not os.access(program, os.X_OK):
            sys.exit(f"`{program}` is missing: cargo build --release -p sohoa -p sohoa-samples")
    python = VENV / "bin/python3"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    known = subprocess.run(
        [python, "-c", ", ".join(["import ocrmypdf", "rapidfuzz", *more])],
        check=False, capture_output=True,
    )
    if known.returncode != 0:
        subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES, *more], check=True)
    os.execv(python, [str(python), *sys.argv])


def costs(command, **options):
    """Runs a command; (exit code, wall seconds, CPU seconds of it and all it waited for)."""
    begun = time.monotonic()
    process = subprocess.Popen(command, **options)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, time.monotonic() - begun, usage.ru_utime + usage.ru_stime


def printed(*command):
    """What a command prints; it must succeed."""
    return subprocess.run(
        command, check=True, capture_output=True, text=True, errors="replace"
    ).stdout


def machine():
    """Cores, processor and what else the machine is doing."""
    names = [line for line in open("/proc/cpuinfo") if line.startswith("model name")]
    name = names[0].split(":", 1)[1].strip() if names else "unknown processor"
    return f"{os.cpu_count()} cores, {name}, load {os.getloadavg()[0]:.1f} before the run"
