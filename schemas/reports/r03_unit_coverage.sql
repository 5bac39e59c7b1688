-- R3 Unit coverage: one-stop units that digitise, of all there are.
-- Source: domain §4.3 R3; 50 % of district and 30 % of commune units by 5/2022, then 30 % a year (§2.8).
-- Inputs: agencies, documents, dossiers; targets for what is demanded.
--
-- percent = 100 * active_units / units
-- units: one-stop units on the last day of the period. active: a document of a dossier that the unit
-- took in was published in the period. Remote communes are shown, and not in the total.
-- `unknown`: documents whose dossier, or its unit, the tables do not know.
-- target: of the level; the next one to be reached on or after the last day of the period, else the last.
-- level_at = 'issue': the level on the last day of the period; 'now': today's, and what an ended unit
-- took in counts for who took over from it.
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
unit AS (
    SELECT a.agency_uid, a.remote_area, CASE WHEN p.level_at = 'now' THEN s.level_now ELSE a.level END AS level
    FROM agencies a
    CROSS JOIN span p
    LEFT JOIN agency_shown s ON s.agency_uid = a.agency_uid
    WHERE a.is_one_stop_unit
      AND coalesce(a.valid_from <= p.period_to, true) AND coalesce(p.period_to < a.valid_to, true)
      AND (p.province IS NULL OR a.province = p.province)
      AND (p.agency IS NULL OR CASE WHEN p.level_at = 'now' THEN s.agency ELSE a.code END = p.agency
           OR starts_with(CASE WHEN p.level_at = 'now' THEN s.agency ELSE a.code END, concat(p.agency, '.')))
),
dossier_of_document AS (
    SELECT DISTINCT d.dossier_uid, d.dossier_code
    FROM documents d
    CROSS JOIN span p
    WHERE d.state = 'published' AND d.first_seen_at >= p.from_at AND d.first_seen_at < p.until_at
      AND (p.province IS NULL OR d.province = p.province)
),
unit_of_dossier AS (
    SELECT f.dossier_uid, f.dossier_code, coalesce(u.receiving_unit_uid, c.receiving_unit_uid) AS agency_uid
    FROM dossier_of_document f
    LEFT JOIN dossiers u ON u.dossier_uid = f.dossier_uid
    LEFT JOIN dossiers c ON c.dossier_code = f.dossier_code
),
active AS (
    -- What an ended unit took in is, today, its heir's.
    SELECT CASE WHEN p.level_at = 'now' AND o.agency_uid IS NULL THEN coalesce(s.heir_uid, d.agency_uid)
                ELSE d.agency_uid END AS agency_uid,
           count(DISTINCT d.dossier_uid) AS dossiers
    FROM unit_of_dossier d
    CROSS JOIN span p
    LEFT JOIN (SELECT DISTINCT agency_uid FROM unit) o ON o.agency_uid = d.agency_uid
    LEFT JOIN agency_shown s ON s.agency_uid = d.agency_uid
    GROUP BY CASE WHEN p.level_at = 'now' AND o.agency_uid IS NULL THEN coalesce(s.heir_uid, d.agency_uid)
                  ELSE d.agency_uid END
),
recorded AS (
    -- Where no dossier names the unit that took it in, a level's 0 would be no figure.
    SELECT count(*) AS documents, count(agency_uid) AS with_unit FROM unit_of_dossier
),
shown AS (
    SELECT coalesce(u.level, 'unknown') AS level,
           CASE WHEN u.remote_area THEN 'remote' ELSE 'other' END AS area,
           1 AS units,
           CASE WHEN r.with_unit = 0 THEN NULL WHEN a.dossiers > 0 THEN 1 ELSE 0 END AS active_units,
           CASE WHEN r.with_unit > 0 THEN coalesce(a.dossiers, 0) END AS dossiers
    FROM unit u
    CROSS JOIN recorded r
    LEFT JOIN active a ON a.agency_uid = u.agency_uid
),
target_of_level AS (
    SELECT t.scope_value AS level, t.value, t.period_end,
           CASE WHEN t.period_end >= p.period_to THEN t.period_end - p.period_to
                ELSE 100000 + (p.period_to - t.period_end) END AS days_off
    FROM targets t
    CROSS JOIN span p
    WHERE t.report = 'R3' AND t.scope = 'level' AND t.unit = 'percent'
      AND (p.province IS NULL OR t.province = p.province)
),
nearest_target AS (
    SELECT level, value, period_end FROM target_of_level
    QUALIFY row_number() OVER (PARTITION BY level ORDER BY days_off, value) = 1
),
totals AS (
    SELECT level, area, sum(units) AS units, sum(active_units) AS active_units, sum(dossiers) AS dossiers
    FROM shown
    GROUP BY level, area
    UNION ALL
    SELECT 'total', 'other', sum(units), sum(active_units), sum(dossiers) FROM shown WHERE area = 'other'
    UNION ALL
    SELECT 'unknown', 'unknown', NULL, NULL, sum(a.dossiers)
    FROM active a
    CROSS JOIN span p
    WHERE p.agency IS NULL AND (a.agency_uid IS NULL OR a.agency_uid NOT IN (SELECT agency_uid FROM unit))
    HAVING sum(a.dossiers) > 0
)
SELECT t.level, t.area,
       CAST(t.units AS BIGINT) AS units,
       CAST(t.active_units AS BIGINT) AS active_units,
       100.0 * t.active_units / NULLIF(t.units, 0) AS percent,
       g.value AS target, g.period_end AS target_by,
       CAST(t.dossiers AS BIGINT) AS dossiers,
       p.level_at,
       CASE WHEN t.area = 'unknown' THEN 'dossiers of no unit in the list'
            WHEN coalesce(t.units, 0) = 0 THEN 'no data: missing agencies that are one-stop units'
            WHEN r.documents = 0 THEN 'no data: missing documents for the period'
            WHEN r.with_unit = 0 THEN 'no data: missing receiving_unit_code of the dossiers'
            WHEN t.level = 'total' THEN 'without remote communes' END AS note
FROM totals t
CROSS JOIN span p
CROSS JOIN recorded r
LEFT JOIN nearest_target g ON g.level = t.level AND t.area = 'other'
ORDER BY CASE t.level WHEN 'central' THEN 1 WHEN 'province' THEN 2 WHEN 'district' THEN 3
                      WHEN 'commune' THEN 4 WHEN 'unknown' THEN 5 ELSE 6 END, t.area
