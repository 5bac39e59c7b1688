-- R4 Component digitisation: dossiers taken in with at least one digitised component.
-- Source: domain §4.3 R4, group "digitisation" of Decision 766/QĐ-TTg.
-- Inputs: dossiers; documents add to it what was scanned and the case system does not say.
--
-- percent = 100 * digitised / received, over dossiers taken in within the period.
-- unknown: neither the case system nor a published component says so. They count in the
-- denominator: the percentage is what is certain. Where nothing at all is known there is none.
WITH parameters AS (
    SELECT DATE '2026-06-15' AS period_from,   -- first day, counted
           DATE '2026-09-14' AS period_to,     -- last day, counted
           CAST(NULL AS VARCHAR) AS province,  -- code of the province; NULL: every one
           CAST(NULL AS VARCHAR) AS agency,    -- its code: it and the agencies below it; NULL: every one
           'issue' AS level_at,                -- 'issue': agencies and levels as they were; 'now': as they are
           DATE '2026-09-20' AS today          -- day it is asked: what is decided for a later one has not happened
), -- end of parameters
-- shared: span
span AS (
    -- Days are days of Viet Nam; an instant belongs to the period when from_at <= instant < until_at.
    SELECT *,
           CAST(concat(CAST(period_from AS VARCHAR), 'T00:00:00+07:00') AS TIMESTAMPTZ) AS from_at,
           CAST(concat(CAST(period_to + 1 AS VARCHAR), 'T00:00:00+07:00') AS TIMESTAMPTZ) AS until_at
    FROM parameters
),
-- end of shared
-- shared: agencies
agency_last AS (
    -- Each agency as it is today, or was at last: what is decided and still to come has not happened.
    SELECT a.agency_uid, a.code, a.name, a.level, a.successor_uids, coalesce(a.valid_to <= p.today, false) AS is_over
    FROM agencies a
    CROSS JOIN span p
    QUALIFY row_number() OVER (
        PARTITION BY a.agency_uid
        ORDER BY coalesce(a.valid_from > p.today, false), coalesce(a.valid_to, DATE '9999-12-31') DESC, a.code) = 1
),
agency_next AS (
    -- Who took over from an agency that ended. One that goes on, or that nobody follows, is its own end.
    SELECT agency_uid, unnest(successor_uids) AS end_uid FROM agency_last WHERE is_over
    UNION ALL
    SELECT agency_uid, agency_uid AS end_uid FROM agency_last
    WHERE NOT is_over OR coalesce(array_length(successor_uids), 0) = 0
),
agency_second AS (
    -- Mergers follow each other: who took over from who took over, twice, then four and eight times.
    SELECT DISTINCT a.agency_uid, coalesce(b.end_uid, a.end_uid) AS end_uid
    FROM agency_next a LEFT JOIN agency_next b ON b.agency_uid = a.end_uid
),
agency_fourth AS (
    SELECT DISTINCT a.agency_uid, coalesce(b.end_uid, a.end_uid) AS end_uid
    FROM agency_second a LEFT JOIN agency_second b ON b.agency_uid = a.end_uid
),
agency_eighth AS (
    SELECT DISTINCT a.agency_uid, coalesce(b.end_uid, a.end_uid) AS end_uid
    FROM agency_fourth a LEFT JOIN agency_fourth b ON b.agency_uid = a.end_uid
),
agency_heir AS (
    -- Who is there today for an agency, itself or another; where several are, nobody can say which.
    SELECT agency_uid, min(end_uid) AS heir_uid
    FROM agency_eighth
    GROUP BY agency_uid
    HAVING count(DISTINCT end_uid) = 1
),
agency_shown AS (
    -- Under which code and name an agency appears, and its level today.
    SELECT own.agency_uid,
           CASE WHEN p.level_at = 'now' THEN coalesce(heir.code, own.code) ELSE own.code END AS agency,
           CASE WHEN p.level_at = 'now' THEN coalesce(heir.name, own.name) ELSE own.name END AS agency_name,
           heir.agency_uid AS heir_uid,
           heir.level AS level_now
    FROM agency_last own
    CROSS JOIN span p
    LEFT JOIN agency_heir ON agency_heir.agency_uid = own.agency_uid
    LEFT JOIN agency_last heir ON heir.agency_uid = agency_heir.heir_uid AND NOT heir.is_over
),
-- end of shared
-- shared: cases
cases AS (
    -- Dossiers by the unit that took them in. Status 0, 1 and 3 of the national case system are
    -- dossiers not taken in (yet).
    SELECT d.*,
           coalesce(s.agency, d.receiving_unit_code, 'unknown') AS agency,
           s.agency_name,
           coalesce(CASE WHEN p.level_at = 'now' THEN s.level_now ELSE d.level_at_receipt END, 'unknown') AS level,
           p.level_at, p.from_at, p.until_at
    FROM dossiers d
    CROSS JOIN span p
    LEFT JOIN agency_shown s ON s.agency_uid = d.receiving_unit_uid
    WHERE coalesce(d.status, '2') NOT IN ('0', '1', '3')
      AND (p.province IS NULL OR d.province = p.province)
      AND (p.agency IS NULL OR coalesce(s.agency, d.receiving_unit_code) = p.agency
           OR starts_with(coalesce(s.agency, d.receiving_unit_code), concat(p.agency, '.')))
),
-- end of shared
scanned AS (
    SELECT d.dossier_uid, d.dossier_code
    FROM documents d
    CROSS JOIN span p
    WHERE d.doc_role = 'component' AND d.state = 'published' AND d.first_seen_at < p.until_at
),
judged AS (
    SELECT c.level, c.agency, c.agency_name,
           CASE WHEN c.components_digitised > 0 OR u.dossier_uid IS NOT NULL OR s.dossier_code IS NOT NULL
                    THEN true
                WHEN c.components_digitised = 0 THEN false END AS answer
    FROM cases c
    LEFT JOIN (SELECT DISTINCT dossier_uid FROM scanned) u ON u.dossier_uid = c.dossier_uid
    LEFT JOIN (SELECT DISTINCT dossier_code FROM scanned WHERE dossier_code IS NOT NULL) s
        ON s.dossier_code = c.dossier_code
    WHERE c.received_at >= c.from_at AND c.received_at < c.until_at
),
totals AS (
    SELECT level, agency, max(agency_name) AS agency_name, count(*) AS received,
           count(*) FILTER (WHERE answer) AS digitised,
           count(*) FILTER (WHERE answer IS NULL) AS unknown
    FROM judged
    GROUP BY GROUPING SETS ((level, agency), (level), ())
    UNION ALL
    SELECT 'unknown', 'no date of reception', NULL, count(*) AS received, NULL, count(*) AS unknown
    FROM cases WHERE received_at IS NULL HAVING count(*) > 0
),
answer AS (
    SELECT coalesce(t.level, 'total') AS level,
           coalesce(t.agency, 'total') AS agency,
           CASE WHEN t.agency IS NOT NULL THEN t.agency_name END AS agency_name,
           t.received, t.digitised, t.unknown,
           CASE WHEN t.unknown < t.received THEN 100.0 * t.digitised / t.received END AS percent,
           p.level_at,
           CASE WHEN t.received = 0 THEN 'no data: missing dossiers for the period'
                WHEN t.digitised IS NULL THEN 'no data: missing received_at; in no period'
                WHEN t.unknown = t.received
                    THEN concat('no data: missing components_digitised for ', coalesce(t.agency, t.level, 'every unit'))
           END AS note
    FROM totals t
    CROSS JOIN span p
)
SELECT * FROM answer
ORDER BY CASE level WHEN 'central' THEN 1 WHEN 'province' THEN 2 WHEN 'district' THEN 3 WHEN 'commune' THEN 4
              WHEN 'unknown' THEN 5 ELSE 6 END,
         agency = 'total', agency
