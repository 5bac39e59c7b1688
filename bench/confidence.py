#!/usr/bin/env python3
"""Fits what an engine's word confidence is worth: confidence.py PDFS READ [--pages N] [--reuse DIR]

PDFS is a folder of PDF files with a true text layer; their pages are rendered (grey at 200 dpi,
grey at 110, 1-bit at 150), read by READ (the example `read` of sohoa-ocr) and every word is held
against the words of the layer in its box. Prints, for all words and for words of digits only, the
share that is right by confidence beside what the table `MAP` (for digits `DIGITS`, where there is
one) of pipeline/extract/confidence.rs says, the table's expected calibration error, and the rising
curve nearest to the shares at the table's knots. After a change of the engine or its settings run
it and write the printed knots there. `--reuse` keeps pages and readings in DIR and reads nothing twice.
"""

import argparse
import bisect
import html
import json
import pathlib
import re
import subprocess
import tempfile
import unicodedata

KNOTS = {
    "MAP": [0.0, 0.3, 0.5, 0.7, 0.85, 0.92, 1.0],
    "DIGITS": [0.0, 0.3, 0.5, 0.7, 0.92, 1.0],
}
SPOILED = {"grey200": (200, ["-gray", "-png"]), "grey110": (110, ["-gray", "-png"]), "mono150": (150, ["-mono", "-png"])}
TABLES = pathlib.Path(__file__).parent.parent / "pipeline/extract/confidence.rs"


def layer(pdf, page):
    """Words of the text layer: text and box in points from the top left."""
    text = subprocess.run(
        ["pdftotext", "-bbox", "-f", str(page), "-l", str(page), pdf, "-"],
        check=True, capture_output=True, text=True,
    ).stdout
    pattern = r'<word xMin="(.+?)" yMin="(.+?)" xMax="(.+?)" yMax="(.+?)">(.*?)</word>'
    return [
        (html.unescape(word), tuple(map(float, box)))
        for *box, word in re.findall(pattern, text)
    ]


def render(pdf, page, dpi, flags, stem):
    subprocess.run(
        ["pdftoppm", "-r", str(dpi), *flags, "-f", str(page), "-l", str(page), "-singlefile",
         pdf, stem], check=True, stderr=subprocess.DEVNULL,
    )
    return next(pathlib.Path(stem).parent.glob(pathlib.Path(stem).name + ".png"))


def judged(read, truth):
    """(text, confidence, right) of each word that the layer knows of."""
    for line in read["lines"]:
        for word in line["words"]:
            box = word["bbox"]
            inside = [
                text for text, (x0, y0, x1, y1) in truth
                if box["x0"] <= (x0 + x1) / 2 <= box["x1"] and y0 <= (box["y0"] + box["y1"]) / 2 <= y1
            ]
            # What the layer does not know is a picture or a rule: no witness, no count.
            if inside:
                same = unicodedata.normalize("NFC", "".join(inside)) == word["text"]
                yield word["text"], word["confidence"], same


def rising(samples, knots):
    """The rising curve nearest to (confidence, right): its height at each knot."""
    middles = [(low + high) / 2 for low, high in zip(knots, knots[1:])]
    near = [[] for _ in knots]
    for confidence, right in samples:
        near[bisect.bisect(middles, confidence)].append(right)
    # One more wrong word than seen: a share is never certain, and least so of few words.
    blocks = []
    for part in near:
        blocks.append([sum(part), len(part) + 1, 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] >= blocks[-1][0] / blocks[-1][1]:
            right, count, width = blocks.pop()
            blocks[-1] = [blocks[-1][0] + right, blocks[-1][1] + count, blocks[-1][2] + width]
    return [right / count for right, count, width in blocks for _ in range(width)]


def at(curve, x):
    places = [place for place, _ in curve]
    index = bisect.bisect(places, x)
    if index == 0:
        return curve[0][1]
    if index == len(curve):
        return curve[-1][1]
    (x0, y0), (x1, y1) = curve[index - 1], curve[index]
    return y0 + (y1 - y0) * (x - x0) / (x1 - x0)


def tables():
    """The tables as they stand."""
    text = TABLES.read_text()
    found = re.findall(r"const (MAP|DIGITS): \[\(f32, f32\); \d+\] =\s*\[(.*?)\];", text, re.S)
    return {
        name: [tuple(map(float, pair)) for pair in re.findall(r"\(([\d.]+), ([\d.]+)\)", points)]
        for name, points in found
    }


def report(name, samples, held):
    print(f"\n== {name}: {len(samples)} words")
    print(f"{'confidence':>12}{'words':>8}{'right':>9}{'table':>9}")
    edges = [0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.94, 0.96, 1.01]
    if not samples:
        return
    error = 0.0
    for low, high in zip(edges, edges[1:]):
        part = [(c, r) for c, r in samples if low <= c < high]
        if part:
            right = sum(r for _, r in part) / len(part)
            told = sum(at(held, c) for c, _ in part) / len(part) if held else None
            error += abs(right - told) * len(part) / len(samples) if held else 0
            beside = f"{told:>9.3f}" if held else f"{'-':>9}"
            print(f"{low:>7.2f}-{min(high, 1):.2f}{len(part):>8}{right:>9.3f}{beside}")
    if held:
        print(f"expected calibration error of the table: {error:.3f}")
    heights = rising(samples, KNOTS[name])
    print(f"{name}:", ", ".join(f"({x:.2f}, {y:.3f})" for x, y in zip(KNOTS[name], heights)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pdfs", type=pathlib.Path)
    parser.add_argument("read")
    parser.add_argument("--pages", type=int, default=4, help="pages of a file at most")
    parser.add_argument("--reuse", type=pathlib.Path)
    args = parser.parse_args()
    words = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.reuse or pathlib.Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for number, pdf in enumerate(sorted(args.pdfs.glob("*.pdf"))):
            for page in range(1, args.pages + 1):
                try:
                    truth = layer(pdf, page)
                except subprocess.CalledProcessError:
                    break
                if not truth:
                    continue
                for name, (dpi, flags) in SPOILED.items():
                    held = folder / f"{number}.{page}.{name}.json"
                    if not held.exists():
                        image = render(pdf, page, dpi, flags, str(folder / f"{number}.{page}.{name}"))
                        read = [args.read, "--json", "--dpi", str(dpi), image]
                        text = subprocess.run(read, check=True, capture_output=True, text=True)
                        held.write_text(text.stdout)
                        image.unlink()
                    words.extend(judged(json.loads(held.read_text()), truth))
    held = tables()
    report("MAP", [(c, r) for _, c, r in words], held.get("MAP"))
    digits = [(c, r) for text, c, r in words if text.isdigit() and len(text) <= 5]
    report("DIGITS", digits, held.get("DIGITS"))


main()
