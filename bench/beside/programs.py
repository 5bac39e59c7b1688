"""The three programs on the same files, each as it is really run.

Every function takes files of one folder and gives `{(file name, page number): text}`; a file that a
program refuses is not in it. Each program gets every core, one thread a page.
"""

import json
import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import tools

ONE_THREAD = os.environ | {"OMP_THREAD_LIMIT": "1"}


def sohoa_run(folder, output, *more):
    """`sohoa run`: (summary, wall seconds, CPU seconds)."""
    data = Path(output).with_name(Path(output).name + ".data")
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as noise:
        code, wall, cpu = tools.costs(
            [tools.SOHOA, "run", "--input", str(folder), "--output", str(output), "--json", *more],
            stdout=said, stderr=noise, env=os.environ | {"XDG_DATA_HOME": str(data)},
        )
        said.seek(0)
        noise.seek(0)
        # 5: some documents are refused.
        if code not in (0, 5):
            raise SystemExit(f"sohoa run ended with {code}: {noise.read()[-2000:]}")
        return json.loads(said.read()), wall, cpu


def sohoa_rows(output, sql):
    said = tools.printed(
        tools.SOHOA, "query", "--output", str(output), "--format", "json", sql
    )
    return [json.loads(line) for line in said.splitlines()]


def sohoa_text(output):
    """The text of every page in the record; a blank page has none."""
    rows = sohoa_rows(output, """select i.uri, t.page_no, t.text from page_text t
        join intake i on i.source_uid = t.source_uid""")
    return {(row["uri"], row["page_no"]): row["text"] for row in rows}


def sohoa_pages(output):
    """(file, page) of every page that was published."""
    rows = sohoa_rows(output, """select i.uri, p.page_no from pages p
        join intake i on i.source_uid = p.source_uid""")
    return {(row["uri"], row["page_no"]) for row in rows}


def sohoa(files, work):
    output = work / "records"
    sohoa_run(files[0].parent, output)
    return dict.fromkeys(sohoa_pages(output), "") | sohoa_text(output)


def tesseract(files, work):
    """Plain Tesseract, `vie`, page segmentation 3, on the page at the scan's own resolution."""
    pages = work / "pages"
    pages.mkdir()

    def one(file):
        if file.suffix == ".pdf":
            images = rendered(file, pages, own_dpi(file))
        else:
            images = [file]
        texts = {}
        for number, image in enumerate(images, 1):
            run = subprocess.run(
                ["tesseract", str(image), "-", "-l", "vie", "--psm", "3"],
                capture_output=True, text=True, errors="replace", env=ONE_THREAD, check=False,
            )
            if run.returncode == 0:
                texts[file.name, number] = run.stdout
            if image is not file:
                image.unlink()
        return texts

    return gathered(one, files)


def own_dpi(file):
    """Resolution of the largest image of the first page that has one; 300 where there is none."""
    listed = tools.printed("pdfimages", "-list", str(file)).splitlines()[2:]
    images = [line.split() for line in listed]
    sizes = [(int(one[3]) * int(one[4]), int(one[12])) for one in images if len(one) > 13]
    return min(600, max(100, max(sizes)[1])) if sizes else 300


def rendered(file, folder, dpi):
    """PNG images of a PDF's pages, in order."""
    start = folder / file.stem
    tools.printed("pdftoppm", "-r", str(dpi), "-png", str(file), str(start))
    found = folder.glob(f"{glob_quoted(file.stem)}-*.png")
    return sorted(found, key=lambda path: int(path.stem.rsplit("-", 1)[1]))


def glob_quoted(name):
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


# As fast as it can be made to read: files in parallel, one job and one thread each, no optimisation,
# layers read anew, no pass through Ghostscript where none is needed.
OCRMYPDF_OPTIONS = (
    "-l", "vie", "--jobs", "1", "--redo-ocr", "--optimize", "0", "--output-type", "auto",
    "--invalidate-digital-signatures", "-q",
)


def ocrmypdf(files, work):
    """OCRmyPDF as `bench/speed` runs it; its text is the sidecar's."""
    folder = work / "ocrmypdf"
    folder.mkdir()

    def one(file):
        side = folder / f"{file.name}.txt"
        done = folder / f"{file.name}.pdf"
        image = () if file.suffix == ".pdf" else ("--image-dpi", "300")
        code = subprocess.run(
            [tools.OCRMYPDF, *OCRMYPDF_OPTIONS, *image, "--sidecar", str(side), str(file),
             str(done)],
            capture_output=True, env=ONE_THREAD, check=False,
        ).returncode
        done.unlink(missing_ok=True)
        if code != 0 or not side.exists():
            return {}
        texts = side.read_text(encoding="utf-8").split("\f")
        # The last page ends with a form feed as well, in some versions.
        if len(texts) > 1 and not texts[-1].strip():
            texts.pop()
        return {(file.name, number): text for number, text in enumerate(texts, 1)}

    return gathered(one, files)


def gathered(one, files):
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = {}
        for texts in pool.map(one, files):
            found |= texts
        return found


PROGRAMS = {"sohoa": sohoa, "tesseract": tesseract, "ocrmypdf": ocrmypdf}
