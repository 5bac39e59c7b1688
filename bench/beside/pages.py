"""Sets of pages whose text is known, as files in one folder.

Each gives `(files, truths)`: the files, and `{(file name, page number): (group, text)}` for the
pages that count.
"""

import json
import shutil
from pathlib import Path

from . import tools


def made(folder, work, name, *options):
    """Documents of the sample maker under one name each, without manifests; their truths."""
    out = work / f"samples-{name}"
    tools.printed(tools.SAMPLES, "--output", str(out), *options)
    folder.mkdir(exist_ok=True)
    truths = []
    for line in open(out / "truth.jsonl", encoding="utf-8"):
        truth = json.loads(line)
        file = Path(truth["file"])
        target = folder / f"{name}.{file.parent.name}.{file.name}"
        shutil.move(out / file, target)
        truths.append((target, truth))
    shutil.rmtree(out)
    return truths


def samples(work, groups, dpi, seed):
    """Groups of the sample maker: `(name, pages, options)` each, two pages a document."""
    files, known = [], {}
    for name, pages, options in groups:
        documents = made(
            work / "files", work, name, "--dossiers", str((pages + 1) // 2), "--documents", "1",
            "--pages-per-document", "2", "--formats", "pdf-jpeg", "--dpi", dpi, "--seed", str(seed),
            *options,
        )
        for file, truth in documents:
            files.append(file)
            for page in truth["pages"]:
                if page["text"]:
                    known[file.name, page["page"]] = (name, page["text"])
    return files, known


def transcribed(work, texts, scans):
    """Scans of which some pages are transcribed: `NAME.pN.txt` is page N of `NAME.pdf`.

    Only those pages are read, each cut out as a file of its own with its streams as they are.
    """
    folder = work / "files"
    folder.mkdir()
    files, known = [], {}
    for text in sorted(Path(texts).glob("*.p*.txt")):
        name, page = text.stem.rsplit(".p", 1)
        file = folder / f"{text.stem}.pdf"
        tools.printed(
            "qpdf", "--warning-exit-0", str(Path(scans) / f"{name}.pdf"), "--pages", ".", page,
            "--", str(file),
        )
        files.append(file)
        known[file.name, 1] = ("transcribed", text.read_text(encoding="utf-8"))
    return files, known


# A page with less text than this is a picture or a form; its layer says little about what is seen.
FEWEST_WORDS = 30


def born_digital(work, folder, pages, severities, seed):
    """The first pages of born-digital PDFs, rendered at 300 dpi and spoiled; the layer is true."""
    drawn, target = work / "drawn", work / "files"
    drawn.mkdir()
    target.mkdir()
    texts = {}
    for file in sorted(Path(folder).glob("*.pdf")):
        count = int(next(
            line.split()[1] for line in tools.printed("pdfinfo", str(file)).splitlines()
            if line.startswith("Pages:")
        ))
        for number in range(1, min(pages, count) + 1):
            only = ("-f", str(number), "-l", str(number))
            text = tools.printed("pdftotext", *only, str(file), "-")
            if len(text.split()) < FEWEST_WORDS:
                continue
            name = f"{file.stem}.p{number}"
            tools.printed(
                "pdftoppm", *only, "-r", "300", "-png", "-singlefile", str(file), str(drawn / name)
            )
            texts[name] = text
    images = [str(drawn / f"{name}.png") for name in texts]
    files, known = [], {}
    for severity in severities:
        spoiled = work / f"spoiled-{severity}"
        tools.printed(
            tools.SAMPLES, "spoil", "--output", str(spoiled), "--faults", severity, "--seed",
            str(seed), "--dpi", "300", *images,
        )
        for name, text in texts.items():
            file = target / f"{severity}.{name}.jpg"
            shutil.move(spoiled / f"{name}.jpg", file)
            files.append(file)
            known[file.name, 1] = (severity, text)
    return files, known
