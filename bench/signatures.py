#!/usr/bin/env python3
"""Compares `sohoa verify` with what is known of real signatures, with pyHanko and with EU DSS.

    bench/signatures CORPUS

Known are field, sub-filter, digest, time-stamp, coverage, and whose certificate it is; that last
needs a register of agencies, as a province has one: here every province's committee and office, the
usual departments and the ministries, by their official names and not by what the certificates say.
Integrity is what pyHanko and DSS say of it. Prints a count a question, then every difference. Exit 0
when what is known was found, whatever the judges think of each other.
"""

import json
import logging
import os
import subprocess
import sys
import tempfile
import unicodedata
from collections import Counter

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

HERE = os.path.dirname(os.path.abspath(__file__))

PROVINCES = """An Giang, Bà Rịa - Vũng Tàu, Bắc Giang, Bắc Kạn, Bạc Liêu, Bắc Ninh, Bến Tre, Bình Định,
Bình Dương, Bình Phước, Bình Thuận, Cà Mau, Cao Bằng, Đắk Lắk, Đắk Nông, Điện Biên, Đồng Nai, Đồng Tháp,
Gia Lai, Hà Giang, Hà Nam, Hà Tĩnh, Hải Dương, Hậu Giang, Hòa Bình, Hưng Yên, Khánh Hòa, Kiên Giang,
Kon Tum, Lai Châu, Lâm Đồng, Lạng Sơn, Lào Cai, Long An, Nam Định, Nghệ An, Ninh Bình, Ninh Thuận,
Phú Thọ, Phú Yên, Quảng Bình, Quảng Nam, Quảng Ngãi, Quảng Ninh, Quảng Trị, Sóc Trăng, Sơn La, Tây Ninh,
Thái Bình, Thái Nguyên, Thanh Hóa, Thừa Thiên Huế, Tiền Giang, Trà Vinh, Tuyên Quang, Vĩnh Long,
Vĩnh Phúc, Yên Bái"""
CITIES = "Hà Nội, Hải Phòng, Đà Nẵng, Cần Thơ, Huế, Hồ Chí Minh"
DEPARTMENTS = """Sở Y tế, Sở Giáo dục và Đào tạo, Sở Xây dựng, Sở Nội vụ, Sở Tư pháp, Sở Tài chính,
Sở Công Thương, Sở Nông nghiệp và Môi trường, Sở Khoa học và Công nghệ, Sở Kế hoạch và Đầu tư"""
MINISTRIES = """Công an, Quốc phòng, Ngoại giao, Nội vụ, Tư pháp, Tài chính, Công Thương, Xây dựng, Y tế,
Giáo dục và Đào tạo, Khoa học và Công nghệ, Tài nguyên và Môi trường, Giao thông vận tải,
Nông nghiệp và Phát triển nông thôn, Thông tin và Truyền thông"""
BUREAUX = ["Cục Cảnh sát phòng cháy, chữa cháy và cứu nạn, cứu hộ"]


def listed(text):
    return [part.strip() for part in text.split(",")]


def register():
    """Names of agencies, `CN` or `CN, O` as certificates spell them."""
    places = [f"tỉnh {name}" for name in listed(PROVINCES)]
    places += [f"thành phố {name}" for name in listed(CITIES)]
    names = [f"Bộ {name}" for name in listed(MINISTRIES)] + BUREAUX
    for place in places:
        for committee in ("Ủy ban nhân dân", "Uỷ ban nhân dân"):
            names += [f"{committee} {place}", f"{committee}, {place}"]
            names.append(f"Văn phòng, {committee} {place}")
        names += [f"{department}, {place}" for department in listed(DEPARTMENTS)]
    return names


def configuration(folder):
    path = os.path.join(folder, "sohoa.toml")
    names = json.dumps(register(), ensure_ascii=False)
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'[[sign.agencies]]\ncode = "register"\nnames = {names}\n')
    return path


def by_sohoa(paths):
    """Every file's answer; the verifier has to end well, whatever it finds."""
    with tempfile.TemporaryDirectory() as folder:
        command = [os.environ["SOHOA_BIN"], "verify", "--json"]
        command += ["--config", configuration(folder), *paths]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode not in (0, 6):
        sys.exit(f"sohoa verify: exit {ran.returncode}: {ran.stderr}")
    return {answer["file"]: answer for answer in map(json.loads, ran.stdout.splitlines())}


def by_dss(paths):
    ran = subprocess.run(
        [os.path.join(HERE, "../tests/judges/dss"), *paths],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return {line["file"]: line for line in map(json.loads, ran.stdout.splitlines())}


def by_pyhanko(path):
    """Integrity of every field, or why it cannot be told."""
    found = {}
    with open(path, "rb") as stream:
        try:
            signatures = PdfFileReader(stream, strict=False).embedded_signatures
        # A judge that gives up on a file has judged it; the reason is part of the answer.
        except Exception as error:  # pylint: disable=broad-exception-caught
            return {None: f"{type(error).__name__}: {error}".splitlines()[0]}
        for signature in signatures:
            try:
                context = ValidationContext(trust_roots=[], allow_fetching=False)
                status = validate_pdf_signature(signature, context)
                found[signature.field_name] = "intact" if status.intact and status.valid else "broken"
            except Exception as error:  # pylint: disable=broad-exception-caught
                found[signature.field_name] = f"{type(error).__name__}: {error}".splitlines()[0]
    return found


COVERAGE = {"ENTIRE_FILE": "whole_file", "ENTIRE_REVISION": "whole_revision"}


def compare(truth, found):
    """What is known and what was found, question by question."""
    same = {
        "sub-filter": (truth["sub_filter"], found["sub_filter"]),
        "digest": (truth["digest"], found["digest_alg"]),
        "time-stamp": (truth["timestamp"], found["timestamp"] is not None),
        "coverage": (COVERAGE[truth["coverage"]], found["coverage"]),
        "organisation or person": (truth["subject_kind"], found["subject_kind"]),
    }
    legacy = truth["digest"] == "sha1" or truth["sub_filter"] == "adbe.pkcs7.detached"
    same["legacy form or algorithm named"] = (
        legacy,
        found["pades_level"] == "legacy" or found["digest_alg"] == "sha1",
    )
    return same


def main(arguments):
    if len(arguments) != 1:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    logging.disable(logging.CRITICAL)
    corpus = arguments[0]
    with open(os.path.join(corpus, "signatures.jsonl"), encoding="utf-8") as file:
        known = [json.loads(line) for line in file]
    paths = [os.path.join(corpus, one["file"]) for one in known]
    ours, dss = by_sohoa(paths), by_dss(paths)
    right, asked, differences, judged = Counter(), Counter(), [], Counter()
    for one, path in zip(known, paths):
        name = os.path.basename(path)[:4]
        report = ours[path].get("report") or {"signatures": []}
        fields = {found["field_name"]: found for found in report["signatures"]}
        others = {found["field"]: found for found in dss[path].get("signatures", [])}
        pyhanko = by_pyhanko(path)
        for truth in one.get("signatures", []):
            field = unicodedata.normalize("NFC", truth["field"])
            asked["found"] += 1
            if field not in fields:
                differences.append(f"{name} {field}: not found")
                continue
            right["found"] += 1
            for question, (is_so, said) in compare(truth, fields[field]).items():
                asked[question] += 1
                right[question] += is_so == said
                if is_so != said:
                    differences.append(f"{name} {field}: {question} is {is_so}, sohoa says {said}")
        for field, found in fields.items():
            theirs = others.get(field)
            by_dss_said = ("intact" if theirs["intact"] else "broken") if theirs else "not found"
            said = (found["integrity"], pyhanko.get(field, pyhanko.get(None)), by_dss_said)
            judged[said] += 1
            if len(set(said)) > 1:
                differences.append(f"{name} {field}: integrity {said[0]}; pyHanko: {said[1]}; DSS: {said[2]}")
    for question, number in asked.items():
        print(f"{question}: {right[question]} of {number}")
    print("integrity (sohoa, pyHanko, DSS):")
    for said, number in judged.most_common():
        print(f"  {number:3} {' | '.join(map(str, said))}")
    print("differences:")
    print("\n".join(f"  {line}" for line in differences) or "  none")
    return 0 if right == asked else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
