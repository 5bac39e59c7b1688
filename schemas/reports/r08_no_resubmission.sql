-- R8 No re-submission: dossiers for which no paper was asked again that had been accepted before.
-- Source: domain §4.3 R8, §2.4; at least 30 % (12/2022), 80 % (4/2023), 95 % (2030) (§2.8).
-- Inputs: dossiers; events of the counter add to it what the case system does not say; targets for what
-- is demanded.
--
-- percent = 100 * spared / received, over dossiers taken in within the period.
-- asked_again: fault Q07. unknown: the case system does not say. They count in the denominator:
-- the percentage is what is certain. Where nothing at all is known there is none.
-- target: the province's next one to be reached on or after the last day of the period, else its last.
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
target_of_province AS (
    SELECT t.value, t.period_end,
           CASE WHEN t.period_end >= p.period_to THEN t.period_end - p.period_to
                ELSE 100000 + (p.period_to - t.period_end) END AS days_off
    FROM targets t
    CROSS JOIN span p
    WHERE t.report = 'R8' AND t.scope = 'province' AND t.unit = 'percent'
      AND (p.province IS NULL OR t.province = p.province)
),
nearest_target AS (
    SELECT value, period_end FROM target_of_province
    QUALIFY row_number() OVER (ORDER BY days_off, value) = 1
),
-- shared: told
heard AS (
    -- What the counter tells of dossiers. The code is read from `details`: events that are older than the
    -- column `dossier_code` have it only there.
    SELECT e.*, NULLIF(split_part(split_part(e.details, '"dossier_code":"', 2), '"', 1), '') AS told_code
    FROM events e
    WHERE e.stage = 'one_stop' AND e.outcome <> 'refused' AND e.dossier_uid IS NOT NULL
),
dossier_of_code AS (
    SELECT dossier_code, min(dossier_uid) AS dossier_uid FROM dossiers GROUP BY dossier_code
),
placed AS (
    -- Whose it is: the dossier of that identity, else of that code; both name the agency in other words
    -- at times. What nobody listed goes by its code, too.
    SELECT h.action, h.occurred_at, h.event_uid, h.province, h.details,
           coalesce(h.unit_uid, h.agency_uid) AS unit_uid, coalesce(h.unit_code, h.agency_code) AS unit_code,
           coalesce(u.dossier_uid, c.dossier_uid) IS NOT NULL AS is_listed,
           coalesce(u.dossier_uid, c.dossier_uid,
               min(h.dossier_uid) OVER (PARTITION BY coalesce(h.told_code, h.dossier_uid))) AS dossier_uid
    FROM heard h
    LEFT JOIN (SELECT DISTINCT dossier_uid FROM dossiers) u ON u.dossier_uid = h.dossier_uid
    LEFT JOIN dossier_of_code c ON c.dossier_code = h.told_code
),
told AS (
    -- The first of each kind counts.
    SELECT dossier_uid, min(province) AS province, bool_or(is_listed) AS is_listed,
           min(CASE WHEN action = 'ticket_taken' THEN occurred_at END) AS ticket_at,
           min(CASE WHEN action = 'served' THEN occurred_at END) AS served_at,
           min(CASE WHEN action = 'dossier_received' THEN occurred_at END) AS received_at,
           min(CASE WHEN action = 'dossier_accepted' THEN occurred_at END) AS accepted_at,
           max(CASE WHEN action = 'component_reused' THEN 1 ELSE 0 END) AS reused,
           max(CASE WHEN action = 'component_reused' AND details LIKE '%"from":"national"%' THEN 1 ELSE 0 END) AS from_portal,
           max(CASE WHEN action = 'resubmission_demanded' THEN 1 ELSE 0 END) AS asked_again
    FROM placed
    GROUP BY dossier_uid
),
-- end of shared
asked AS (
    -- Nobody tells an event of what was not asked for: only the case system can say no.
    SELECT c.level, c.agency, c.agency_name, c.received_at, c.from_at, c.until_at,
           CASE WHEN t.asked_again = 1 THEN true ELSE c.resubmission_demanded END AS asked_again
    FROM cases c
    LEFT JOIN told t ON t.dossier_uid = c.dossier_uid
),
totals AS (
    SELECT level, agency, max(agency_name) AS agency_name, count(*) AS received,
           count(*) FILTER (WHERE NOT asked_again) AS spared,
           count(*) FILTER (WHERE asked_again) AS asked_again,
           count(*) FILTER (WHERE asked_again IS NULL) AS unknown
    FROM asked
    WHERE received_at >= from_at AND received_at < until_at
    GROUP BY GROUPING SETS ((level, agency), (level), ())
    UNION ALL
    SELECT 'unknown', 'no date of reception', NULL, count(*) AS received, NULL AS spared, NULL AS asked_again, count(*) AS unknown
    FROM asked WHERE received_at IS NULL HAVING count(*) > 0
),
answer AS (
    SELECT coalesce(t.level, 'total') AS level,
           coalesce(t.agency, 'total') AS agency,
           CASE WHEN t.agency IS NOT NULL THEN t.agency_name END AS agency_name,
           t.received, t.spared, t.asked_again, t.unknown,
           CASE WHEN t.unknown < t.received THEN 100.0 * t.spared / t.received END AS percent,
           g.value AS target, g.period_end AS target_by,
           p.level_at,
           CASE WHEN t.received = 0 THEN 'no data: missing dossiers for the period'
                WHEN t.spared IS NULL THEN 'no data: missing received_at; in no period'
                WHEN t.unknown = t.received
                    THEN concat('no data: missing resubmission_demanded for ', coalesce(t.agency, t.level, 'every unit'))
           END AS note
    FROM totals t
    CROSS JOIN span p
    LEFT JOIN nearest_target g ON true
)
SELECT * FROM answer
ORDER BY CASE level WHEN 'central' THEN 1 WHEN 'province' THEN 2 WHEN 'district' THEN 3 WHEN 'commune' THEN 4
              WHEN 'unknown' THEN 5 ELSE 6 END,
         agency = 'total', agency
