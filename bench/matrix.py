"""The matrix of signatures: see bench/matrix."""

import collections
import json
import os
import platform
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.join(HERE, "..", "tests")
sys.path.insert(0, os.path.join(TESTS, "pki"))

from pki import Pki  # noqa: E402
from kinds import KINDS, not_pdf_a  # noqa: E402

SOHOA, SAMPLES = os.environ["SOHOA_BIN"], os.environ["SOHOA_SAMPLES"]
LEVELS = ["B-B", "B-T", "B-LT", "B-LTA"]
RSA = [f"rsa-{how}-{hash}" for how in ("pss", "pkcs1") for hash in ("sha256", "sha384", "sha512")]
KEYS = {f"rsa-{bits}": RSA for bits in (2048, 3072, 4096)} | {"p-256": ["auto"], "p-384": ["auto"]}
MODULE, TOKEN, PIN = "/usr/lib/softhsm/libsofthsm2.so", "matrix", "2468"


def ran(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def composed(folder):
    """A PDF/A-2b as the program composes it, before it is signed."""
    config = os.path.join(folder, "held.toml")
    with open(config, "w", encoding="utf-8") as file:
        file.write('[release]\nmode = "manual"\n')
    samples, out = os.path.join(folder, "samples"), os.path.join(folder, "held")
    # A small picture: DSS draws every page of every revision.
    few = ["--dossiers", "1", "--documents", "1", "--pages-per-document", "1"]
    ran(SAMPLES, "--output", samples, *few, "--formats", "jpeg", "--dpi", "72")
    ran(SOHOA, "run", "--input", f"{samples}/scans", "--output", out, "--config", config)
    for root, _, files in os.walk(os.path.join(out, "work")):
        for name in files:
            if name.endswith(".pdf"):
                return os.path.join(root, name)
    sys.exit("the sample was not composed")


def token(pki, folder):
    """Every organisation's key in one token of SoftHSM2."""
    os.makedirs(os.path.join(folder, "tokens"), exist_ok=True)
    settings = os.path.join(folder, "softhsm2.conf")
    with open(settings, "w", encoding="ascii") as file:
        file.write(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\n")
    os.environ |= {"SOFTHSM2_CONF": settings, "SOHOA_PIN": PIN}
    made = ["--init-token", "--free", "--label", TOKEN, "--so-pin", "13579", "--pin", PIN]
    ran("softhsm2-util", *made)
    for number, key in enumerate(KEYS, 1):
        name = f"organisation-{key}"
        into = ["--token", TOKEN, "--pin", PIN, "--label", key, "--id", f"{number:02x}"]
        ran("softhsm2-util", "--import", pki.path(name + ".key"), *into)


def configurations(pki, folder):
    """A configuration for every key, algorithm and holder, by the middle of the cell's name."""
    for key, schemes in KEYS.items():
        name = f"organisation-{key}"
        in_token = (
            f'chain = "{pki.path(name + ".chain")}"\n[sign.pkcs11]\nlibrary = "{MODULE}"\n'
            f'token = "{TOKEN}"\nkey = "{key}"\npin = "env:SOHOA_PIN"'
        )
        for scheme in schemes:
            for holder, where in (("file", pki.key_of(name)), ("softhsm", in_token)):
                cell = f"{key}.{scheme}.{holder}"
                to = os.path.join(folder, f"{cell}.toml")
                yield cell, pki.configuration(to, f'scheme = "{scheme}"\n{where}')


def sign(config, level, given, to):
    ran(SOHOA, "sign", given, "--output", to, "--force", "--level", level, "--config", config)


def judged(lines):
    return {one["file"]: one for one in map(json.loads, lines.splitlines())}


def judge(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout


def by_pyhanko(pki, files):
    script = [os.path.join(TESTS, "judges", "python"), "levels.py", pki.path("root.pem")]
    return {file: (one["right"], one) for file, one in judged(judge(*script, *files)).items()}


def by_dss(pki, files):
    lists = ["--list", pki.path("root.crl"), "--list", pki.path("middle.crl")]
    script = [os.path.join(TESTS, "judges", "dss"), "--root", pki.path("root.pem"), *lists]
    answers = {}
    for file, one in judged(judge(*script, *files)).items():
        signatures = one.get("signatures") or [{}]
        level = "PAdES-BASELINE-" + os.path.basename(file).split(".")[0][2:]
        newest = signatures[-1]
        good = newest.get("indication") == "TOTAL_PASSED" and newest.get("level") == level
        answers[file] = (good and all(s["intact"] for s in signatures), one)
    return answers


def by_verapdf(files):
    report = judge(os.path.join(TESTS, "verapdf"), *files)
    passed = {line.split()[1] for line in report.splitlines() if line.startswith("PASS ")}
    return {file: (file in passed, "not PDF/A-2b") for file in files}


def axes(file):
    level, key, scheme, holder, given = os.path.basename(file).removesuffix(".pdf").split(".")
    yield "level", level
    yield "key and algorithm", f"{key} {scheme}".replace(" auto", " ecdsa")
    yield "holder", holder
    yield "input", given


def table(files, judges):
    rows = collections.defaultdict(lambda: [0] + [[0, 0] for _ in judges])
    wrong = []
    for file in files:
        for axis in [*axes(file), ("all", "cells")]:
            rows[axis][0] += 1
            for i, answers in enumerate(judges.values(), 1):
                if file in answers:
                    rows[axis][i][0] += answers[file][0]
                    rows[axis][i][1] += 1
        for name, answers in judges.items():
            if file in answers and not answers[file][0]:
                wrong.append(f"{name} {os.path.basename(file)}: {answers[file][1]}")
    print(f"{'':44} {'cells':>6}" + "".join(f"{name:>12}" for name in judges))
    for axis, row in sorted(rows.items()):
        counts = "".join(f"{f'{good}/{seen}' if seen else '-':>12}" for good, seen in row[1:])
        print(f"{' '.join(axis):44} {row[0]:6}{counts}")
    print("not as they should be:", *(wrong or ["none"]), sep="\n  ")
    return not wrong


def main(folder):
    folder = os.path.abspath(folder)
    os.makedirs(folder, exist_ok=True)
    os.environ["XDG_DATA_HOME"] = os.path.join(folder, "data")
    began, files = time.monotonic(), []
    with Pki(os.path.join(folder, "pki")) as pki:
        token(pki, folder)
        other = pki.configuration(
            os.path.join(folder, "other.toml"), pki.key_of("organisation-p-256")
        )
        first = lambda given, to: sign(other, "B-B", given, to)  # noqa: E731
        document, inputs = composed(folder), {}
        for kind, make in KINDS.items():
            inputs[kind] = os.path.join(folder, f"{kind}.in")
            make(document, inputs[kind], first)
            ran("qpdf", "--check", inputs[kind])
        for cell, config in configurations(pki, folder):
            for kind, given in inputs.items():
                for level in LEVELS:
                    files.append(os.path.join(folder, f"{level}.{cell}.{kind}.pdf"))
                    sign(config, level, given, files[-1])
        signed = time.monotonic()
        archival = [file for file in files if not not_pdf_a(file)]
        judges = {
            "pyHanko": by_pyhanko(pki, files),
            "EU DSS": by_dss(pki, files),
            "veraPDF": by_verapdf(archival),
        }
    print(f"# {len(files)} cells, all of them; signed in {signed - began:.0f} s, judged in", end=" ")
    print(f"{time.monotonic() - signed:.0f} s; Python {platform.python_version()}")
    return 0 if table(files, judges) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
