"""Judges the province's reports: each number anew from the raw rows, by pandas and by other code.

The rows are read as Delta Lake by DuckDB. Three answers must be equal: what `sohoa report` writes,
what DuckDB makes of the SQL that is shipped, and what this file computes without SQL. A workbook
must hold the same figures.
"""

import argparse
import datetime as dt
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import duckdb
import openpyxl
import pandas as pd

from index import extension

TABLES = ["documents", "signatures", "intake", "events", "agencies", "agency_keys", "dossiers", "inventory",
          "phases", "procedures", "staff", "targets"]
HANOI = dt.timezone(dt.timedelta(hours=7))
# The query engine of `sohoa` interpolates quantiles to a millionth of their neighbours' distance.
LOOSE = {"median", "p95", "waiting_median", "waiting_p95"}
QUESTIONS = [
    # period, its first and last day by the plans, province, agency, level at
    ("2026-Q3", "2026-06-15", "2026-09-14", None, None, "issue"),
    ("2026-Q3", "2026-06-15", "2026-09-14", None, None, "now"),
    ("2026", "2025-12-15", "2026-12-14", None, "H08.32", "issue"),
    ("2026-06-14..2026-06-15", "2026-06-14", "2026-06-15", "H08", None, "now"),
    ("2026-05-01..2026-09-30", "2026-05-01", "2026-09-30", "H08", "H21", "now"),
    ("2026-Q3", "2026-06-15", "2026-09-14", "H15", None, "now"),
    ("2026-Q3", "2026-06-15", "2026-09-14", "H21", None, "issue"),  # no row is of it
    ("2025-Q1", "2024-12-15", "2025-03-14", None, None, "issue"),  # before anything
    ("2027-Q3", "2027-06-15", "2027-09-14", None, None, "now"),  # after everything
]


class Asked:
    """One question: days, instants, agency, and how agencies are shown."""

    def __init__(self, first, last, province, agency, level_at):
        self.first, self.last = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
        midnight = dt.time(tzinfo=HANOI)
        self.begin = dt.datetime.combine(self.first, midnight)
        self.end = dt.datetime.combine(self.last + dt.timedelta(days=1), midnight)
        self.province, self.agency, self.now = province, agency, level_at == "now"
        self.level_at = level_at

    def holds(self, instant):
        return not missing(instant) and self.begin <= instant < self.end

    def of_province(self, rows):
        return [row for row in rows if self.province in (None, row["province"])]

    def covers(self, code):
        if self.agency is None:
            return True
        return code is not None and (code == self.agency or code.startswith(self.agency + "."))


def missing(value):
    return value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def clean(value):
    return None if missing(value) else value


class Province:
    """The raw rows, and who is who."""

    def __init__(self, frames):
        self.rows = {
            name: [{k: clean(v) if not hasattr(v, "__len__") or isinstance(v, str) else v
                    for k, v in row.items()} for row in frame.to_dict("records")]
            for name, frame in frames.items()
        }
        self.history = {}
        for row in self.rows["agencies"]:
            self.history.setdefault(row["agency_uid"], []).append(row)
        far, self.today = dt.date.max, dt.datetime.now(HANOI).date()
        has_begun = lambda row: (as_day(row["valid_from"]) or dt.date.min) <= self.today
        self.last = {
            uid: max(filter(has_begun, rows), key=lambda r: as_day(r["valid_to"]) or far)
            for uid, rows in self.history.items()
        }
        self.keys = {}
        for row in self.rows["agency_keys"]:
            if row["kind"] == "code":
                self.keys.setdefault(row["key"], []).append(row)
        # A dossier is one whose identity or whose code is the same.
        uids = {d["dossier_uid"] for d in self.rows["dossiers"]}
        codes = {}
        for d in sorted(self.rows["dossiers"], key=lambda d: d["dossier_uid"], reverse=True):
            codes[d["dossier_code"]] = d["dossier_uid"]
        self.told = {}
        for event in sorted(self.rows["events"], key=lambda e: (e["occurred_at"], e["event_uid"])):
            uid, code = event["dossier_uid"], json.loads(event["details"] or "{}").get("dossier_code")
            if event["stage"] == "one_stop" and event["outcome"] != "refused" and uid:
                dossier = uid if uid in uids else codes.get(code) or code or uid
                self.told.setdefault(dossier, {}).setdefault(event["action"], []).append(event)

    def is_there(self, agency):
        """Today: neither has it ended, nor is its end only decided."""
        end = as_day(agency["valid_to"])
        return end is None or self.today < end

    def of_code(self, code, instant):
        """Whose a code is on the day: by its period, else who had it last before, else who had it first."""
        day, begin = instant.astimezone(HANOI).date(), lambda row: as_day(row["valid_from"]) or dt.date.min
        known = sorted(self.keys.get(code, []), key=begin)
        held = [k for k in known if begin(k) <= day and (k["valid_to"] is None or day < as_day(k["valid_to"]))]
        if not held:
            before = [k for k in known if begin(k) <= day]
            held = before[-1:] or known[:1]
        uids = {k["agency_uid"] for k in held}
        return uids.pop() if len(uids) == 1 and not any(k["ambiguous"] for k in held) else None

    def ends(self, uid):
        """Who there is in the end of an agency, through all that took over from each other."""
        row = self.last.get(uid)
        if row is None or self.is_there(row) or len(row["successor_uids"]) == 0:
            return {uid}
        return set().union(*map(self.ends, row["successor_uids"]))

    def heir(self, uid):
        ends = self.ends(uid)
        heir = self.last.get(ends.pop()) if len(ends) == 1 else None
        return heir if heir and self.is_there(heir) else None

    def shown(self, uid, asked):
        """Code and name it appears under, and its level today."""
        row = self.last.get(uid)
        if row is None:
            return None, None, None
        heir = self.heir(uid)
        as_it_is = heir if asked.now and heir else row
        level = row["level"] if self.is_there(row) else heir["level"] if heir else None
        return as_it_is["code"], as_it_is["name"], level

    def place(self, uid, code, level_then, asked):
        agency, name, level_now = self.shown(uid, asked)
        agency = agency or code
        level = level_now if asked.now else level_then
        return {"agency": agency or "unknown", "agency_name": name, "level": level or "unknown",
                "in_scope": asked.covers(agency)}

    def published(self, asked):
        for row in asked.of_province(self.rows["documents"]):
            if row["state"] != "published" or row["first_seen_at"] >= asked.end:
                continue
            code = row["custodian_agency_code"]
            place = self.place(self.of_code(code, row["first_seen_at"]), code, row["level_at_issue"], asked)
            if place.pop("in_scope"):
                end = as_day(row["valid_to"])
                is_valid = row["validity_status"] == "valid" and (end is None or end >= asked.last)
                yield row | place | {"in_period": row["first_seen_at"] >= asked.begin, "is_valid": is_valid}

    def counted(self, asked):
        for row in asked.of_province(self.rows["inventory"]):
            place = self.place(row["agency_uid"], row["agency_code"], row["level"], asked)
            if place.pop("in_scope"):
                yield row | place

    def cases(self, asked):
        for row in asked.of_province(self.rows["dossiers"]):
            if row["status"] in ("0", "1", "3"):
                continue
            place = self.place(row["receiving_unit_uid"], row["receiving_unit_code"],
                               row["level_at_receipt"], asked)
            if place.pop("in_scope"):
                yield row | place

    def files_of_dossiers(self, asked, wanted):
        """Identities and codes of dossiers with a wanted published document."""
        held = [d for d in self.rows["documents"]
                if d["state"] == "published" and d["first_seen_at"] < asked.end and wanted(d)]
        return ({d["dossier_uid"] for d in held},
                {d["dossier_code"] for d in held if d["dossier_code"] is not None})


def as_day(value):
    if missing(value):
        return None
    return value.date() if isinstance(value, dt.datetime) else value


def share(part, whole):
    return None if not whole or part is None else 100.0 * part / whole


def of_results(row):
    return row["doc_role"] == "result" and row["parent_document_uid"] is None


def is_unsaid(row):
    """Nobody has said what the paper is; once that was `other`, by no partner and no person."""
    by_hand = dict(row["field_source"] or {}).get("doc_role") == "amended"
    was_unsaid = row["doc_role"] == "other" and row["partner_id"] is None and not by_hand
    return row["parent_document_uid"] is None and (row["doc_role"] == "unknown" or was_unsaid)


def is_good(row):
    return of_results(row) and row["is_valid"] and row["signature_state"] == "ok"


def groups(rows, *keys):
    """By every prefix of the keys: the group's rows; None stands for the total."""
    frame = {}
    for row in rows:
        for depth in range(len(keys) + 1):
            key = tuple(row[k] for k in keys[:depth]) + (None,) * (len(keys) - depth)
            frame.setdefault(key, []).append(row)
    frame.setdefault((None,) * len(keys), [])
    return {tuple("total" if part is None else part for part in key): rows
            for key, rows in frame.items()}


def phase_of(row):
    year = row.get("document_year")
    if "document_year" in row:
        # Not the column: the rule itself.
        if year is None:
            return "unknown"
        return ("5" if year < 1996 else "4" if year < 2006 else "3" if year < 2016
                else "2" if year < 2022 else "0")
    span = {phase_of({"document_year": y}) for y in (row["year_from"], row["year_to"])}
    return span.pop() if len(span) == 1 else "unknown"


def by_test_key(signatures):
    """Files whose valid signatures of an agency are all by a throw-away key."""
    trusts = {}
    for s in signatures:
        if s["role"] != "timestamp_doc" and s["subject_kind"] == "organisation" and s["verdict"] in HOLDS:
            trusts.setdefault((s["source_uid"], s["version"]), set()).add(s["trust_domain"])
    return {file for file, found in trusts.items() if found == {"test"}}


def number_of(row):
    """By what a paper is the same as another; None where it cannot be compared."""
    key = (row["code_number"], row["code_notation"], row["organ_name"], as_day(row["issued_date"]))
    return None if None in key else (key[0], key[1].upper(), key[2].lower(), key[3])


class Progress:
    """What exists, by the agencies' own counts, and what is digitised of it."""

    def __init__(self, province, asked):
        self.test_files = by_test_key(province.rows["signatures"])
        self.counts = [row | {"phase": phase_of(row)} for row in province.counted(asked)]
        self.papers = [row | {"phase": phase_of(row)} for row in province.published(asked)
                       if of_results(row) or is_unsaid(row)]
        self.cells = {(c["agency"], c["phase"]) for c in self.counts}
        dated = {c["agency"] for c in self.counts if c["year_to"] is not None}
        self.undated = {c["agency"] for c in self.counts} - dated
        for paper in self.papers:
            paper["in_phase"] = (paper["agency"], paper["phase"]) in self.cells
            paper["in_inventory"] = paper["in_phase"] or self.is_in_years(paper)
            paper["by_test"] = (paper["source_uid"], paper["version"]) in self.test_files
            levels = {c["level"] for c in self.counts if self.is_of_count(paper, c)}
            paper["counted_level"] = levels.pop() if len(levels) == 1 else paper["level"]
        order = lambda p: (not is_good(p), not of_results(p), p["by_test"], p["first_seen_at"], p["document_uid"])
        seen = set()
        for paper in sorted(self.papers, key=order):
            key = (paper["agency"], number_of(paper) or paper["document_uid"])
            paper["again"] = key in seen
            seen.add(key)
        there = [d for d in asked.of_province(province.rows["documents"])
                 if d["state"] == "published" and d["first_seen_at"] < asked.end]
        self.is_begun = bool(there)
        # Papers of which nobody has said who keeps them.
        self.is_keeper_open = any(d["custodian_agency_code"] is None and d["parent_document_uid"] is None
                                  and d["doc_role"] in ("result", "unknown") for d in there)

    def is_of_count(self, paper, count):
        year, until = paper["document_year"], count["year_to"]
        return paper["agency"] == count["agency"] and (
            count["phase"] == paper["phase"] or paper["agency"] in self.undated
            or count["phase"] == "unknown" and None not in (year, until)
            and (count["year_from"] or 0) <= year <= until)

    def is_in_years(self, paper):
        """In a count of several phases that has its year among them, or of an agency that counts no years."""
        year = paper["document_year"]
        return paper["agency"] in self.undated or year is not None and any(
            c["agency"] == paper["agency"] and c["phase"] == "unknown" and c["year_to"] is not None
            and (c["year_from"] or 0) <= year <= c["year_to"] for c in self.counts)

    def is_unkept(self, is_of, by_level=False):
        """None of its agencies keeps a paper, and it may keep some of those of unknown keeper."""
        rows = self.papers if by_level else self.counts + self.papers
        agencies = {row["agency"] for row in rows if is_of(row)} - {"unknown"}
        kept = agencies if by_level else agencies & {p["agency"] for p in self.papers}
        return self.is_keeper_open and not kept

    def figures(self, is_of, by_phase=False, by_level=False):
        """Of the counts and papers of a group."""
        counts = [int(c["valid_paper_count"]) for c in self.counts if is_of(c)]
        every = [p for p in self.papers if is_of(p)]
        papers = [p for p in every if not p["again"]]
        good = [p for p in papers if is_good(p)]
        within = [p for p in good if p["in_inventory"]]
        results = list(filter(of_results, papers))
        doubtful = [p for p in results if p["validity_status"] == "unknown"]
        known = len(results) - len(doubtful)
        is_blind = bool(papers) and known == 0
        above = sum(p["in_phase"] for p in good) if by_phase else len(within)
        inventory = sum(counts) if counts else None
        return {
            "inventory": inventory, "digitised_ok": len(good),
            "outside_inventory": len(good) - len(within),
            "role_unknown": len(papers) - len(results), "validity_unknown": len(doubtful),
            "test_key": sum(p["by_test"] for p in good), "again": len(every) - len(papers),
            "percent": share(above, inventory)
            if self.is_begun and not is_blind and not self.is_unkept(is_of, by_level) else None,
        }, results, good, is_blind


NOTHING = dict.fromkeys(["inventory", "digitised_ok", "outside_inventory", "role_unknown",
                         "validity_unknown", "test_key", "again", "percent"])


def r1(province, asked):
    progress = Progress(province, asked)
    answer = {}
    cells = progress.cells | {(p["agency"], p["phase"]) for p in progress.papers}
    for agency in {a for a, _ in cells} | {"total"}:
        for phase in {p for _, p in cells} | {"total"}:
            is_of = lambda row: agency in ("total", row["agency"]) and phase in ("total", row["phase"])
            if not any(map(is_of, progress.counts + progress.papers)):
                continue
            figures, results, good, _ = progress.figures(is_of, phase != "total")
            # Papers whose year nobody can read are not those that were counted without years.
            answer[agency, phase] = figures | {
                "percent": None if phase == "unknown" else figures["percent"],
                "results": len(results),
                "boundary_years": sum(d["document_year"] in (1996, 2006, 2016) for d in good),
                "not_signed": sum(d["is_valid"] and d["signature_state"] != "ok"
                                  for d in results),
            }
    answer.setdefault(("total", "total"), NOTHING | {"results": None})
    return ("agency", "phase"), answer


def nearest(targets, asked):
    """The next to be reached, else the last; the lowest where provinces have several."""
    day = lambda t: as_day(t["period_end"])
    targets = sorted(asked.of_province(targets), key=lambda t: t["value"])
    ahead = [t for t in targets if day(t) >= asked.last]
    if ahead:
        return min(ahead, key=day)
    return max(targets, key=day, default=None)


def r2(province, asked):
    progress = Progress(province, asked)
    answer = {}
    level_of = lambda row: row.get("counted_level", row["level"])
    for level in set(map(level_of, progress.counts + progress.papers)):
        figures = progress.figures(lambda row: level_of(row) == level, by_level=True)[0]
        target = nearest([t for t in province.rows["targets"]
                          if t["report"] == "R2" and t["scope_value"] == level], asked)
        percent, value = figures["percent"], target and target["value"]
        answer[level,] = figures | {
            "target": value, "target_by": target and as_day(target["period_end"]),
            "above_target": None if percent is None or value is None else percent - value,
        }
    whole = progress.figures(lambda row: True, by_level=True)[0] if answer else NOTHING
    answer["total",] = whole | {"target": None, "target_by": None, "above_target": None}
    return ("level",), answer


def r3(province, asked):
    units = {}
    for row in asked.of_province(province.rows["agencies"]):
        begin, end = as_day(row["valid_from"]), as_day(row["valid_to"])
        code, _, level_now = province.shown(row["agency_uid"], asked)
        if row["is_one_stop_unit"] and asked.covers(code if asked.now else row["code"]) \
                and (begin is None or begin <= asked.last) and (end is None or asked.last < end):
            level = level_now or "unknown" if asked.now else row["level"]
            units[row["agency_uid"]] = (level, "remote" if row["remote_area"] else "other")
    unit_by_uid = {d["dossier_uid"]: d["receiving_unit_uid"] for d in province.rows["dossiers"]}
    unit_by_code = {d["dossier_code"]: d["receiving_unit_uid"] for d in province.rows["dossiers"]}
    seen = {}
    for d in asked.of_province(province.rows["documents"]):
        if d["state"] == "published" and asked.holds(d["first_seen_at"]):
            uid = unit_by_uid.get(d["dossier_uid"]) or unit_by_code.get(d["dossier_code"])
            if asked.now and uid not in units:
                heir = province.heir(uid)
                uid = heir["agency_uid"] if heir else uid
            seen.setdefault(uid, set()).add(d["dossier_uid"])
    is_known = any(uid is not None for uid in seen)
    answer = {}

    def line(key, chosen):
        active = [u for u in chosen if seen.get(u)]
        target = nearest([t for t in province.rows["targets"] if t["report"] == "R3" and t["scope"] == "level"
                          and t["scope_value"] == key[0] and key[1] == "other"], asked) or {}
        answer[key] = {"target": target.get("value"), "target_by": as_day(target.get("period_end")),
                       "units": len(chosen) or None,
                       "active_units": len(active) if chosen and is_known else None,
                       "percent": share(len(active), len(chosen)) if is_known else None,
                       "dossiers": sum(len(seen.get(u, ())) for u in chosen) if chosen and is_known else None}

    for key in set(units.values()):
        line(key, [u for u, k in units.items() if k == key])
    line(("total", "other"), [u for u, k in units.items() if k[1] == "other"])
    strangers = sum(len(found) for uid, found in seen.items() if uid not in units)
    if strangers and asked.agency is None:
        answer["unknown", "unknown"] = {"units": None, "active_units": None, "percent": None,
                                        "dossiers": strangers}
    return ("level", "area"), answer


def over_dossiers(rows, undated, label, whole, fill):
    """The shape of R4 to R8: `fill` counts a group; a percentage where anything is known."""
    answer = {key: {whole: len(group)} | fill(group) for key, group in groups(rows, "level", "agency").items()}
    if undated:
        some = next(iter(answer.values()))
        empty = {name: value if name.startswith("target") else None for name, value in some.items()}
        unknown = {name: len(undated) for name in empty if name == "unknown" or name.endswith("_unknown")}
        answer["unknown", label] = empty | {whole: len(undated)} | unknown
    return ("level", "agency"), answer


def certain(yes, unknown, whole):
    return share(yes, whole) if whole and unknown < whole else None


def received(province, asked):
    cases = list(province.cases(asked))
    return ([c for c in cases if asked.holds(c["received_at"])],
            [c for c in cases if c["received_at"] is None])


def resolved(province, asked):
    cases = list(province.cases(asked))
    return ([c for c in cases if c["resolved"] in (None, True) and asked.holds(c["resolved_at"])],
            [c for c in cases if c["resolved"] is True and c["resolved_at"] is None])


def r4(province, asked):
    rows, undated = received(province, asked)
    uids, codes = province.files_of_dossiers(asked, lambda d: d["doc_role"] == "component")

    def fill(group):
        yes = sum(bool(c["components_digitised"]) or c["dossier_uid"] in uids or c["dossier_code"] in codes
                  for c in group)
        no = sum(c["components_digitised"] == 0 and c["dossier_uid"] not in uids
                 and c["dossier_code"] not in codes for c in group)
        unknown = len(group) - yes - no
        return {"digitised": yes, "unknown": unknown, "percent": certain(yes, unknown, len(group))}

    return over_dossiers(rows, undated, "no date of reception", "received", fill)


def r5(province, asked):
    rows, undated = resolved(province, asked)
    uids, codes = province.files_of_dossiers(asked, lambda d: d["doc_role"] == "result")
    barren = {p["procedure_base"] for p in province.rows["procedures"] if not p["has_result"]}

    def fill(group):
        digitised = [c for c in group if (c["results_digitised"] or 0) > 0
                     or c["dossier_uid"] in uids or c["dossier_code"] in codes]
        rest = [c for c in group if c not in digitised]
        none = [c for c in rest if c["procedure_base"] in barren]
        unknown = sum(c["results_digitised"] is None for c in rest if c not in none)
        return {"digitised": len(digitised), "no_result": len(none), "unknown": unknown,
                "percent": certain(len(digitised) + len(none), unknown, len(group))}

    return over_dossiers(rows, undated, "no date of resolution", "resolved", fill)


def r6(province, asked):
    rows, undated = received(province, asked)

    def fill(group):
        reused = unknown = portal = portal_unknown = 0
        for c in group:
            events = province.told.get(c["dossier_uid"], {}).get("component_reused", [])
            if events or (c["components_reused"] or 0) > 0:
                reused += 1
            elif c["components_reused"] is None:
                unknown += 1
            said = [json.loads(e["details"] or "{}").get("from") for e in events]
            if "national" in said or c["reused_from_national_portal"] is True:
                portal += 1
            elif c["reused_from_national_portal"] is None:
                portal_unknown += 1
        return {"reused": reused, "unknown": unknown, "percent": certain(reused, unknown, len(group)),
                "from_portal": portal, "portal_unknown": portal_unknown,
                "portal_percent": certain(portal, portal_unknown, len(group))}

    return over_dossiers(rows, undated, "no date of reception", "received", fill)


def r7(province, asked):
    rows, undated = resolved(province, asked)
    uids, codes = province.files_of_dossiers(
        asked, lambda d: d["doc_role"] == "result" and d["confidence_level"] == "01"
        and d["signature_state"] == "ok")

    def fill(group):
        seen = [c["dossier_uid"] in uids or c["dossier_code"] in codes for c in group]
        yes = sum(c["result_electronic"] is True or s for c, s in zip(group, seen))
        unknown = sum(c["result_electronic"] is None and not s for c, s in zip(group, seen))
        return {"electronic": yes, "unknown": unknown, "percent": certain(yes, unknown, len(group))}

    return over_dossiers(rows, undated, "no date of resolution", "resolved", fill)


def r8(province, asked):
    rows, undated = received(province, asked)
    target = nearest([t for t in province.rows["targets"]
                      if t["report"] == "R8" and t["scope"] == "province"], asked) or {}

    def fill(group):
        said = [True if "resubmission_demanded" in province.told.get(c["dossier_uid"], {})
                else c["resubmission_demanded"] for c in group]
        yes, unknown = said.count(False), said.count(None)
        return {"spared": yes, "asked_again": said.count(True), "unknown": unknown,
                "target": target.get("value"), "target_by": as_day(target.get("period_end")),
                "percent": certain(yes, unknown, len(group))}

    return over_dossiers(rows, undated, "no date of reception", "received", fill)


HOLDS = ("ok", "ok_legacy_alg", "indeterminate_revocation")
FAULTS = [("altered", "altered"), ("revoked", "revoked"), ("expired_at_signing", "expired"),
          ("untrusted_chain", "untrusted"), ("wrong_agency", "wrong_agency")]


def r9(province, asked):
    by_file = {}
    for s in province.rows["signatures"]:
        if s["role"] != "timestamp_doc":
            by_file.setdefault((s["source_uid"], s["version"]), []).append(s)

    def verdict(row):
        own = by_file.get((row["source_uid"], row["version"]), [])
        if row["signature_state"] == "ok":
            return "signed"
        if not own:
            return "unsigned"
        found = {s["verdict"] for s in own}
        for code, name in FAULTS:
            if code in found:
                return name
        by_person = any(s["verdict"] in HOLDS and s["subject_kind"] != "organisation" for s in own)
        return "personal" if "wrong_subject_kind" in found or by_person else "other"

    rows = []
    for row in province.published(asked):
        if row["in_period"]:
            own = by_file.get((row["source_uid"], row["version"]), [])
            valid = [s for s in own if s["verdict"] in HOLDS and s["subject_kind"] == "organisation"]
            rows.append(row | {
                "verdict": verdict(row),
                "public": any(s["trust_domain"] == "public_ca" for s in own),
                "test": bool(valid) and all(s["trust_domain"] == "test" for s in valid),
            })
    names = ["unsigned", "personal", "expired", "revoked", "altered", "untrusted", "wrong_agency", "other"]
    answer = {}
    for key, group in groups(rows, "level", "agency").items():
        verdicts = [row["verdict"] for row in group]
        answer[key] = {name: verdicts.count(name) for name in names} | {
            "published": len(group), "signed": verdicts.count("signed"),
            "percent": share(verdicts.count("signed"), len(group)),
            "public_ca": sum(r["public"] and r["verdict"] != "signed" for r in group),
            "test_key": sum(r["test"] and r["verdict"] == "signed" for r in group),
        }
    return ("level", "agency"), answer


def minutes(row, begin, end, given):
    """Of instants with their hours; a list that gives a day alone has midnight there."""
    begin, end = row["hours"][begin], row["hours"][end]
    if begin is not None and end is not None:
        length = (end - begin).total_seconds() / 60
        return length if length >= 0 else None
    return float(row[given]) if row[given] is not None and row[given] >= 0 else None


STEPS = {"ticket_at": "ticket_taken", "served_at": "served", "received_at": "dossier_received",
         "accepted_at": "dossier_accepted"}


def timed(province, asked):
    """Dossiers with their instants, those that nobody listed as well."""
    first = lambda told, action: told[action][0]["occurred_at"] if action in told else None
    is_day = lambda instant: instant is not None and instant.astimezone(HANOI).time() == dt.time()
    for c in province.cases(asked):
        told = province.told.get(c["dossier_uid"], {})
        heard = {column: first(told, action) for column, action in STEPS.items()}
        listed = {column: None if is_day(c[column]) else c[column] for column in STEPS}
        yield c | {column: heard[column] or c[column] for column in STEPS} | {
            "hours": {column: heard[column] or listed[column] for column in STEPS}}
    listed = {d["dossier_uid"] for d in province.rows["dossiers"]}
    for dossier, told in province.told.items():
        if dossier in listed or "dossier_received" not in told:
            continue
        every = [event for events in told.values() for event in events]
        if asked.province not in (None, min(event["province"] for event in every)):
            continue
        event = told["dossier_received"][0]
        day = event["occurred_at"].astimezone(HANOI).date()
        uid = event["unit_uid"] or event["agency_uid"]
        then = [r["level"] for r in province.history.get(uid, [])
                if (as_day(r["valid_from"]) or day) <= day < (as_day(r["valid_to"]) or dt.date.max)]
        place = province.place(uid, event["unit_code"] or event["agency_code"],
                               then[0] if then else None, asked)
        if place.pop("in_scope"):
            heard = {column: first(told, action) for column, action in STEPS.items()}
            yield place | {"processing_minutes": None, "waiting_minutes": None, "hours": heard} | heard


def r10(province, asked):
    every = list(timed(province, asked))
    rows = [c for c in every if asked.holds(c["received_at"])]
    undated = [c for c in every if c["received_at"] is None]

    def fill(group):
        answer = {}
        for prefix, limit, span in [
            ("", 30, ("received_at", "accepted_at", "processing_minutes")),
            ("waiting_", 15, ("ticket_at", "served_at", "waiting_minutes")),
        ]:
            times = pd.Series([minutes(c, *span) for c in group], dtype="float64").dropna()
            answer |= {
                prefix + "unknown": len(group) - len(times),
                prefix + "mean": clean(times.mean()),
                prefix + "median": clean(times.quantile(0.5)),
                prefix + "p95": clean(times.quantile(0.95)),
                f"within_{limit}_percent": share(int((times <= limit).sum()), len(times)),
            }
        return answer

    return over_dossiers(rows, undated, "no date of reception", "received", fill)


def r11(province, asked):
    accepted, years, remote = {}, {}, {}
    for c in province.cases(asked):
        if asked.holds(c["accepted_at"] if c["accepted_at"] is not None else c["received_at"]):
            accepted[c["agency"]] = accepted.get(c["agency"], 0) + 1
    for s in asked.of_province(province.rows["staff"]):
        agency = province.shown(s["agency_uid"], asked)[0] or s["agency_code"]
        if s["role"] not in ("reception", "processing") or not asked.covers(agency):
            continue
        begin = max(as_day(s["from_date"]), asked.first)
        end = asked.last + dt.timedelta(days=1)
        end = min(as_day(s["to_date"]) or end, end)
        if begin < end:
            years[agency] = years.get(agency, 0.0) + s["fte"] * (end - begin).days / 365
            remote[agency] = remote.get(agency, False) or s["remote_area"]
    # With no dossier of the period in the list, nothing is known of any unit.
    is_listed = any(asked.holds(d["accepted_at"] if d["accepted_at"] is not None else d["received_at"])
                    for d in asked.of_province(province.rows["dossiers"]))
    answer = {}
    for agency in accepted.keys() | years.keys():
        area = "remote" if remote.get(agency) else "other"
        target = nearest([t for t in province.rows["targets"]
                          if t["report"] == "R11" and t["scope_value"] == area], asked)
        target = target and target["value"]
        pace = accepted.get(agency, 0) / years[agency] if agency in years and is_listed else None
        answer[agency,] = {
            "accepted": accepted.get(agency, 0) if is_listed else None, "fte_years": years.get(agency),
            "per_fte_year": pace, "target": target,
            "percent_of_target": None if pace is None or not target else 100 * pace / target,
        }
    whole = sum(years.values()) if years else None
    answer["total",] = {
        "accepted": sum(accepted.values()) if answer and is_listed else None, "fte_years": whole,
        "per_fte_year": sum(accepted.get(a, 0) for a in years) / whole if whole and is_listed else None,
        "target": None, "percent_of_target": None,
    }
    return ("agency",), answer


def r12(province, asked):
    rows = [r for r in province.published(asked) if r["in_period"] or r["needs_review"]]
    answer = {}
    for key, group in groups(rows, "level", "agency").items():
        new = [r for r in group if r["in_period"]]
        sure = pd.Series([r["extraction_confidence"] for r in new], dtype="float64").dropna()
        ages = pd.Series([(asked.end - r["first_seen_at"]).total_seconds() / 86400
                          for r in group if r["needs_review"]], dtype="float64")
        complete = sum(len(r["fields_missing"]) == 0 for r in new)
        answer[key] = {
            "documents": len(new), "complete": complete, "percent": share(complete, len(new)),
            "mean_confidence": clean(sure.mean()), "confidence_unknown": len(new) - len(sure),
            "backlog": len(ages), "backlog_mean_days": clean(ages.mean()),
            "backlog_oldest_days": clean(ages.max()),
        }
    return ("level", "agency"), answer


def r13(province, asked):
    events = sorted(province.rows["events"], key=lambda e: (e["occurred_at"], e["event_uid"]))
    of = lambda *actions: [e for e in events if e["action"] in actions]
    details = lambda event, name: json.loads(event["details"] or "{}").get(name)
    partner = lambda event: event["actor_ref"] if event["actor_kind"] == "partner" else None
    partners, channels, addresses = {}, {}, {}
    for d in province.rows["documents"]:
        channels.setdefault(d["dossier_uid"], set()).add(d["intake_channel"])
        if d["partner_id"] is not None:
            partners.setdefault(d["dossier_uid"], set()).add(d["partner_id"])
    for e in of("received"):
        addresses.setdefault(e["subject_uid"], []).append(e["source_uid"])
        if details(e, "channel"):
            channels.setdefault(e["dossier_uid"], set()).add(details(e, "channel"))
        if partner(e):
            partners.setdefault(e["dossier_uid"], set()).add(partner(e))
    refusals, published, fixed = {}, {}, {}
    for e in of("refused", "release_refused", "published", "fixed"):
        if e["occurred_at"] >= asked.end:
            continue
        if e["action"] == "published":
            published.setdefault(e["source_uid"], []).append(e["occurred_at"])
        elif e["action"] == "fixed":
            fixed.setdefault(e["subject_uid"], []).append(e["occurred_at"])
        else:
            refusals.setdefault(e["subject_uid"], e)

    def hours(since, moments):
        later = [at for at in moments if at >= since]
        return (min(later) - since).total_seconds() / 3600 if later else None

    rows = []
    for e in filter(lambda e: asked.holds(e["occurred_at"]), asked.of_province(of("received", "rejected"))):
        if e["action"] == "rejected":
            files = details(e, "files") or 1
            rows.append({"partner": e["actor_ref"] or "unknown", "outcome": e["error_code"] or "unknown",
                         "files": files, "refused": files, "pages": details(e, "pages"), "twice": 0,
                         "hours": hours(e["occurred_at"], fixed.get(e["subject_uid"], []))})
            continue
        whose = partner(e) or min(partners.get(e["dossier_uid"], [None]))
        channel = details(e, "channel") or min(channels.get(e["dossier_uid"], [None]))
        if whose is None and channel != "postal":
            continue  # From a counter or a backfill, or nobody knows from where.
        refusal = refusals.get(e["source_uid"])
        outcome = "published" if published.get(e["source_uid"]) else "held"
        mended = [at for source in addresses[e["subject_uid"]]
                  for at in published.get(source, []) + fixed.get(source, [])]
        rows.append({
            "partner": whose or "unknown",
            "outcome": (refusal["error_code"] or "unknown") if refusal else outcome,
            "files": 1, "refused": int(refusal is not None), "pages": details(e, "pages"),
            "twice": int(e["outcome"] == "duplicate"),
            "hours": hours(refusal["occurred_at"], mended) if refusal else None,
        })
    answer = {}
    for key, group in groups(rows, "partner", "outcome").items():
        spans = pd.Series([r["hours"] for r in group], dtype="float64").dropna()
        files, refused, twice = (sum(r[name] for r in group) for name in ("files", "refused", "twice"))
        pages = [r["pages"] for r in group if r["pages"] is not None]
        some = (lambda value: value) if group else (lambda value: None)
        answer[key] = {
            "files": files, "pages": sum(pages) if pages else None,
            "refused": some(refused), "refused_percent": share(refused, files),
            "mended": sum(r["files"] for r in group if r["hours"] is not None),
            "mean_hours_to_mend": clean(spans.mean()),
            "duplicates": some(twice), "duplicate_percent": share(twice, files),
        }
    return ("partner", "outcome"), answer


def r14(province, asked):
    plans = {(p["province"], str(p["phase"])): p for p in province.rows["phases"]}
    recent = asked.end - dt.timedelta(days=28)
    progress = Progress(province, asked)
    cells = {}
    for row in progress.counts + progress.papers:
        cells.setdefault((row["agency"], row["phase"]), set()).add(row["province"])
    for (agency, phase), provinces in cells.items():
        is_of = lambda row: (row["agency"], row["phase"]) == (agency, phase)
        figures, _, good, _ = progress.figures(is_of, True)
        plan = plans.get((agency.split(".")[0], phase)) or plans.get((max(provinces), phase))
        begin, end = (as_day(plan["window_from"]), as_day(plan["window_to"])) if plan else (None, None)
        cell = cells[agency, phase] = figures | {"good": good, "end": end, "planned": None}
        if begin and end and cell["inventory"] is not None:
            whole = (end - begin).days + 1
            passed = min(max((asked.last - begin).days + 1, 0), whole)
            cell["planned"] = cell["inventory"] * passed / whole
    answer = {}
    for agency, phase in cells.keys() | {("total", phase) for _, phase in cells}:
        is_of = lambda row: agency in ("total", row["agency"]) and row["phase"] == phase
        figures, _, _, is_blind = progress.figures(is_of, True)
        chosen = [c for (a, p), c in cells.items() if p == phase and agency in ("total", a)]
        held = [c for c in chosen if c["inventory"] is not None]
        planned = [c for c in held if c["planned"] is not None]
        done = sum(len(c["good"]) for c in held)
        pace = sum(d["first_seen_at"] >= recent for c in held or chosen for d in c["good"]) / 4
        plan = sum(c["planned"] for c in planned) if planned else None
        is_known = progress.is_begun and not is_blind and not progress.is_unkept(is_of)
        # A count without years, or over several phases, is of papers that stand in other rows.
        is_known = is_known and phase != "unknown"
        left = max(figures["inventory"] - done, 0) if held and is_known else None
        forecast = None
        if left == 0:
            forecast = asked.last
        elif left and pace:
            forecast = asked.last + dt.timedelta(days=math.ceil(left * 7 / pace))
        answer[agency, phase] = {
            "phase_end": max((c["end"] for c in chosen if c["end"]), default=None),
            "planned": plan,
            "ahead": sum(len(c["good"]) for c in planned) - plan if planned and is_known else None,
            "remaining": left, "per_week": None if is_blind else pace, "forecast": forecast,
        } | {name: figures[name] for name in ("inventory", "digitised_ok", "role_unknown", "validity_unknown",
                                              "test_key", "again")}
    return ("agency", "phase"), answer


def r15(province, asked):
    files = [f for f in asked.of_province(province.rows["intake"]) if asked.holds(f["received_at"])]
    seen, twice, new, comparable, copies = set(), 0, 0, 0, 0
    documents = [d for d in asked.of_province(province.rows["documents"])
                 if d["state"] == "published" and d["first_seen_at"] < asked.end
                 and d["parent_document_uid"] is None]
    for d in sorted(documents, key=lambda d: (d["first_seen_at"], d["document_uid"])):
        inside = d["first_seen_at"] >= asked.begin
        new += inside
        file = (tuple(d["sha256_source_list"]) or d["document_uid"], d["page_from"])
        copies += inside and file in seen
        seen.add(file)
        key = number_of(d)
        if key is None:
            continue
        comparable += inside
        twice += inside and key in seen
        seen.add(key)
    answer = {
        ("file", "same bytes"): (sum(f["duplicate_of"] is not None for f in files), len(files)),
        ("document", "same bytes"): (copies, new),
        ("document", "same number"): (twice, comparable),
        ("document", "not comparable"): (new - comparable, new),
    }
    out = [f["code"] for f in files if f["outcome"] == "quarantined" and (f["code"] or "").startswith("S0")]
    for code in set(out):
        answer["file", code] = (out.count(code), len(files))
    return ("kind", "reason"), {
        key: {"count": n, "of": of, "percent": share(n, of)} for key, (n, of) in answer.items()
    }


REPORTS = {f"R{n}": globals()[f"r{n}"] for n in range(1, 16)}


def same(column, one, other):
    one, other = clean(one), clean(other)
    if one is None or other is None:
        return one is other
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=1e-5 if column in LOOSE else 1e-9, abs_tol=1e-9)
    return str(one) == str(other)


def compare(what, keys, expected, rows):
    found = {tuple(row[key] for key in keys): row for row in rows}
    if len(found) != len(rows):
        sys.exit(f"{what}: a row twice")
    if found.keys() != expected.keys():
        sys.exit(f"{what}: rows {sorted(found.keys() ^ expected.keys())} on one side only")
    for key, values in expected.items():
        for column, value in values.items():
            if not same(column, value, found[key][column]):
                sys.exit(f"{what} {key}: {column} is {found[key][column]!r}, by hand {value!r}")
    return sum(len(values) for values in expected.values())


def workbook(arguments, report, question, rows):
    """The workbook's table holds the figures of the answer."""
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/report.xlsx"
        subprocess.run([arguments.sohoa, "report", report, *question, "--to", file], check=True)
        sheet = openpyxl.load_workbook(file).worksheets[0]
        lines = list(sheet.iter_rows(min_row=6, values_only=True))
    if len(lines) != len(rows):
        sys.exit(f"{report}: {len(lines)} rows in the workbook, {len(rows)} in the answer")
    for line, row in zip(lines, rows):
        for cell, (column, value) in zip(line, row.items()):
            if isinstance(value, (int, float)) and not same(column, value, cell):
                sys.exit(f"{report}: {column} is {cell!r} in the workbook, {value!r} in the answer")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sohoa", required=True)
    parser.add_argument("output", help="a folder made by the example `province`")
    arguments = parser.parse_args()
    database = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    database.execute(f"load '{extension('delta')}'")
    database.execute("set timezone = 'Pacific/Auckland'")
    frames = {}
    for table in TABLES:
        folder = pathlib.Path(arguments.output) / "index" / table
        database.execute(f"create view {table} as select * from delta_scan('{folder}')")
        columns, rows = database.table(table).columns, database.table(table).fetchall()
        frames[table] = pd.DataFrame(rows, columns=columns, dtype=object)
    province = Province(frames)
    figures, first_asked = 0, None
    for period, first, last, code, agency, level_at in QUESTIONS:
        asked = Asked(first, last, code, agency, level_at)
        first_asked = first_asked or asked
        question = ["--period", period, "--level-at", level_at, "--output", arguments.output]
        question += ["--province", code] if code else []
        question += ["--agency", agency] if agency else []
        for report, by_hand in REPORTS.items():
            if agency and report in ("R13", "R15"):
                continue  # They count files, which belong to no agency.
            run = lambda form: subprocess.run(
                [arguments.sohoa, "report", report, *question, "--format", form],
                check=True, capture_output=True, text=True).stdout
            answer = json.loads(run("json"))
            if answer["missing"] or (answer["period_from"], answer["period_to"]) != (first, last):
                sys.exit(f"{report} {period}: {answer}")
            keys, expected = by_hand(province, asked)
            what = f"{report} {period} {code or ''} {agency or ''} at {level_at}"
            rows = answer["rows"]
            if expected or not all((r["note"] or "").startswith("no data") for r in rows):
                figures += compare(what, keys, expected, rows)
            relation = database.sql(run("sql"))
            duck = [dict(zip(relation.columns, row)) for row in relation.fetchall()]
            if [list(r) for r in duck] != [list(r) for r in rows] and duck:
                sys.exit(f"{what}: DuckDB has other columns")
            compare(f"{what} in DuckDB", keys,
                    {tuple(r[k] for k in keys): r for r in rows if any(r[k] is not None for k in keys)}, duck)
            if asked is first_asked:
                workbook(arguments, report, question, rows)
    print(f"{figures} figures of {len(REPORTS)} reports are equal three times over")
    if figures < 1000:
        sys.exit("too few figures to say anything")


if __name__ == "__main__":
    main()
