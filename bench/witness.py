#!/usr/bin/env python3
"""What a second reading of a line is worth: witness.py PDFS [--numbers N] [--keep FILE]

PDFS is a folder of PDF files with a true text layer. Lines that hold numbers are rendered, spoiled
as bad scans are (few pixels, noise, JPEG, threshold, lean) and read three times: by `vie` at
200 dpi, the first reading; by `vie` at 300 dpi; by `eng` at 300 dpi. For numbers, and for numbers with a
notation, prints how often a second reading agrees, differs or sees no number where another one is right and
where it is wrong, and the ratio of the two (half a case added to each): the factors of
pipeline/extract/witness.rs. `--keep` writes every case as a JSON line.
"""

import argparse
import html
import io
import json
import os
import pathlib
import random
import re
import subprocess
import tempfile
import unicodedata

from PIL import Image, ImageChops

SHAPES = {"number": r"\d{1,4}", "notation": r"\d{1,4}/(?:\d{4}/)?[a-z]{2,5}-[a-z]{2,8}"}
PAIRS = {"the same model": (0, 1), "another model": (0, 2), "the first, by another": (2, 0)}
LINE = r'<line xMin="(.+?)" yMin="(.+?)" xMax="(.+?)" yMax="(.+?)">(.*?)</line>'
WORD = r'<word xMin="(.+?)" yMin=".+?" xMax="(.+?)" yMax=".+?">(.*?)</word>'
PER_PAGE = 4


def fold(text):
    text = unicodedata.normalize("NFD", text.lower().translate(str.maketrans("đð", "dd")))
    return "".join(c for c in text if not unicodedata.combining(c)).strip(".,;:()")


def kind(text):
    return next((name for name, shape in SHAPES.items() if re.fullmatch(shape, fold(text))), None)


def run(*command, env=None):
    return subprocess.run(command, capture_output=True, text=True, env=env).stdout


def spoiled(line):
    share = random.choice([0.33, 0.4, 0.45, 0.55, 0.7])
    few = line.resize((max(1, int(line.width * share)), max(1, int(line.height * share))), Image.BOX)
    line = few.resize(line.size, Image.BICUBIC)
    noise = Image.effect_noise(line.size, random.choice([20, 50, 80]))
    line = ImageChops.add(line, noise, scale=1, offset=-128)
    line = line.rotate(random.uniform(-0.5, 0.5), fillcolor=255, resample=Image.BICUBIC)
    way = random.random()
    if way < 0.35:
        level = random.choice([90, 120, 150, 175])
        return line.point(lambda value: 255 if value > level else 0)
    if way < 0.7:
        coded = io.BytesIO()
        line.save(coded, "JPEG", quality=random.choice([12, 20, 35]))
        return Image.open(coded).convert("L")
    return line.point(lambda value: 255 - (255 - value) // 3) if way < 0.85 else line


def read(line, language, dpi, folder):
    """Words of a line: left and right in inches, text, confidence."""
    path = folder / "line.png"
    line.save(path)
    table = run("tesseract", str(path), "-", "--psm", "7", "-l", language, "--dpi", str(dpi), "tsv",
                env=os.environ | {"OMP_THREAD_LIMIT": "1"})
    rows = [row.split("\t") for row in table.splitlines()[1:]]
    return [(int(row[6]) / dpi, (int(row[6]) + int(row[8])) / dpi, row[11], float(row[10]) / 100)
            for row in rows if row[0] == "5" and row[11].strip()]


def page_cases(pdf, page, folder):
    """(truth, three readings of it) for each number on some lines of a page."""
    layout = run("pdftotext", "-bbox-layout", "-f", str(page), "-l", str(page), pdf, "-")
    lines = []
    for *box, words in re.findall(LINE, layout, re.S):
        words = [(float(x0), float(x1), html.unescape(text))
                 for x0, x1, text in re.findall(WORD, words)]
        if any(kind(text) for _, _, text in words):
            lines.append((list(map(float, box)), words))
    run("pdftoppm", "-r", "300", "-gray", "-f", str(page), "-l", str(page), "-singlefile", pdf,
        str(folder / "page"))
    raster = Image.open(folder / "page.pgm")
    for (x0, y0, x1, y1), words in random.sample(lines, min(PER_PAGE, len(lines))):
        left = max(0.0, x0 - 6)
        box = (left, max(0.0, y0 - 3), x1 + 8, y1 + 3)
        line = spoiled(raster.crop([int(edge * 300 / 72) for edge in box]))
        coarse = line.resize((line.width * 2 // 3, line.height * 2 // 3), Image.BOX)
        readings = [read(coarse, "vie", 200, folder), read(line, "vie", 300, folder),
                    read(line, "eng", 300, folder)]
        for start, end, text in words:
            if kind(text):
                start, end = (start - left) / 72, (end - left) / 72
                yield text, [seen_at(found, start, end) for found in readings]


def seen_at(words, start, end):
    """The word that stands there, when it is one."""
    def stands(word):
        return min(word[1], end) - max(word[0], start) > 0.5 * min(end - start, word[1] - word[0])
    found = [word for word in words if stands(word)]
    return found[0][2:] if len(found) == 1 else ("", 0.0)


def table(cases):
    for name, shape in SHAPES.items():
        rows = [(fold(truth), [fold(text) if re.fullmatch(shape, fold(text)) else None
                               for text, _ in seen])
                for truth, seen in cases if kind(truth) == name]
        print(f"{name}: {len(rows)}")
        for pair, (one, other) in PAIRS.items():
            right = [seen for truth, seen in rows if seen[one] == truth]
            wrong = [seen for truth, seen in rows if seen[one] not in (truth, None)]
            print(f"  {pair}")
            for what, is_so in (
                ("agrees", lambda seen: seen[other] == seen[one]),
                ("differs", lambda seen: seen[other] not in (seen[one], None)),
                ("sees none", lambda seen: seen[other] is None),
            ):
                a, b = sum(map(is_so, right)), sum(map(is_so, wrong))
                ratio = (a + 0.5) / (len(right) + 1) / ((b + 0.5) / (len(wrong) + 1))
                print(f"    {what:<10} {a:>5} of {len(right)} right, {b} of {len(wrong)} wrong: "
                      f"{ratio:.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("pdfs", type=pathlib.Path)
    parser.add_argument("--numbers", type=int, default=800)
    parser.add_argument("--keep", type=pathlib.Path)
    arguments = parser.parse_args()
    random.seed(5)
    cases = []
    with tempfile.TemporaryDirectory() as folder:
        files = sorted(map(str, arguments.pdfs.glob("*.pdf")))
        while len(cases) < arguments.numbers:
            pdf = random.choice(files)
            pages = int(re.search(r"Pages:\s+(\d+)", run("pdfinfo", pdf))[1])
            cases += page_cases(pdf, random.randint(1, pages), pathlib.Path(folder))
    if arguments.keep:
        arguments.keep.write_text("".join(json.dumps(case) + "\n" for case in cases))
    table(cases)


if __name__ == "__main__":
    main()
