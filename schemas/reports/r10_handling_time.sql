-- R10 Handling time: minutes of reception and processing, and of waiting before.
-- Source: domain §4.3 R10; at most 30 minutes a dossier, waiting 15 on average from 01/2024 (§2.8).
-- Inputs: events of the counter (ticket_taken, served, dossier_received, dossier_accepted); dossiers, for
-- units and for what no event says.
--
-- Over dossiers taken in within the period. handling: received_at to accepted_at, else what the case
-- system gives as processing_minutes; waiting: ticket_at to served_at, else waiting_minutes. Of each
-- instant the first event counts, else the case system's column of that name. A dossier that the case
-- system has not listed is counted at the unit whose event tells of its reception.
-- A list that gives a day without an hour has midnight there: between such instants no minutes are known,
-- and those of the case system count. A time that ends before it begins is not known. Quantiles interpolate between neighbours (the query
-- engine of `sohoa query` to a millionth of their distance).
-- within_30_percent and within_15_percent are shares of the times that are known.
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
taken_in AS (
    SELECT dossier_uid, unit_uid, unit_code
    FROM placed
    WHERE action = 'dossier_received' AND NOT is_listed
    QUALIFY row_number() OVER (PARTITION BY dossier_uid ORDER BY occurred_at, event_uid) = 1
),
unlisted AS (
    -- Dossiers that only events know, at the unit that took them in.
    SELECT t.dossier_uid, coalesce(s.agency, r.unit_code, 'unknown') AS agency, s.agency_name,
           coalesce(CASE WHEN p.level_at = 'now' THEN s.level_now ELSE a.level END, 'unknown') AS level,
           p.from_at, p.until_at
    FROM told t
    JOIN taken_in r ON r.dossier_uid = t.dossier_uid
    CROSS JOIN span p
    LEFT JOIN agency_shown s ON s.agency_uid = r.unit_uid
    LEFT JOIN agencies a ON a.agency_uid = r.unit_uid
         AND CAST(concat(CAST(coalesce(a.valid_from, DATE '1900-01-01') AS VARCHAR), 'T00:00:00+07:00') AS TIMESTAMPTZ)
             <= t.received_at
         AND CAST(concat(CAST(coalesce(a.valid_to, DATE '2200-01-01') AS VARCHAR), 'T00:00:00+07:00') AS TIMESTAMPTZ)
             > t.received_at
    WHERE (p.province IS NULL OR t.province = p.province)
      AND (p.agency IS NULL OR coalesce(s.agency, r.unit_code) = p.agency
           OR starts_with(coalesce(s.agency, r.unit_code), concat(p.agency, '.')))
),
listed AS (
    -- An instant of a list that is midnight of Viet Nam is a day without its hour.
    SELECT c.*,
           CASE WHEN (EXTRACT(EPOCH FROM ticket_at) + 25200) % 86400 <> 0 THEN ticket_at END AS ticket_hour,
           CASE WHEN (EXTRACT(EPOCH FROM served_at) + 25200) % 86400 <> 0 THEN served_at END AS served_hour,
           CASE WHEN (EXTRACT(EPOCH FROM received_at) + 25200) % 86400 <> 0 THEN received_at END AS received_hour,
           CASE WHEN (EXTRACT(EPOCH FROM accepted_at) + 25200) % 86400 <> 0 THEN accepted_at END AS accepted_hour
    FROM cases c
),
steps AS (
    SELECT c.level, c.agency, c.agency_name, c.from_at, c.until_at,
           coalesce(t.received_at, c.received_at) AS received_at,
           coalesce(t.ticket_at, c.ticket_hour) AS ticket_hour,
           coalesce(t.served_at, c.served_hour) AS served_hour,
           coalesce(t.received_at, c.received_hour) AS received_hour,
           coalesce(t.accepted_at, c.accepted_hour) AS accepted_hour,
           c.processing_minutes, c.waiting_minutes
    FROM listed c
    LEFT JOIN told t ON t.dossier_uid = c.dossier_uid
    UNION ALL
    SELECT n.level, n.agency, n.agency_name, n.from_at, n.until_at,
           t.received_at, t.ticket_at AS ticket_hour, t.served_at AS served_hour, t.received_at AS received_hour,
           t.accepted_at AS accepted_hour,
           NULL AS processing_minutes, NULL AS waiting_minutes
    FROM unlisted n
    JOIN told t ON t.dossier_uid = n.dossier_uid
),
timed AS (
    SELECT level, agency, agency_name, received_at, from_at, until_at,
           CASE WHEN accepted_hour >= received_hour
                    THEN (EXTRACT(EPOCH FROM accepted_hour) - EXTRACT(EPOCH FROM received_hour)) / 60.0
                WHEN (accepted_hour IS NULL OR received_hour IS NULL) AND processing_minutes >= 0
                    THEN CAST(processing_minutes AS DOUBLE)
           END AS handling,
           CASE WHEN served_hour >= ticket_hour
                    THEN (EXTRACT(EPOCH FROM served_hour) - EXTRACT(EPOCH FROM ticket_hour)) / 60.0
                WHEN (served_hour IS NULL OR ticket_hour IS NULL) AND waiting_minutes >= 0
                    THEN CAST(waiting_minutes AS DOUBLE)
           END AS waiting
    FROM steps
),
totals AS (
    SELECT level, agency, max(agency_name) AS agency_name, count(*) AS received,
           count(*) - count(handling) AS unknown,
           avg(handling) AS mean,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY handling) AS median,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY handling) AS p95,
           100.0 * count(*) FILTER (WHERE handling <= 30) / NULLIF(count(handling), 0) AS within_30_percent,
           count(*) - count(waiting) AS waiting_unknown,
           avg(waiting) AS waiting_mean,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY waiting) AS waiting_median,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY waiting) AS waiting_p95,
           100.0 * count(*) FILTER (WHERE waiting <= 15) / NULLIF(count(waiting), 0) AS within_15_percent
    FROM timed
    WHERE received_at >= from_at AND received_at < until_at
    GROUP BY GROUPING SETS ((level, agency), (level), ())
    UNION ALL
    SELECT 'unknown', 'no date of reception', NULL, count(*) AS received, count(*) AS unknown, NULL AS mean,
           NULL AS median, NULL AS p95, NULL AS within_30_percent, count(*) AS waiting_unknown,
           NULL AS waiting_mean, NULL AS waiting_median, NULL AS waiting_p95, NULL AS within_15_percent
    FROM timed WHERE received_at IS NULL HAVING count(*) > 0
),
answer AS (
    SELECT coalesce(t.level, 'total') AS level,
           coalesce(t.agency, 'total') AS agency,
           CASE WHEN t.agency IS NOT NULL THEN t.agency_name END AS agency_name,
           t.received, t.unknown, t.mean, t.median, t.p95, t.within_30_percent,
           t.waiting_unknown, t.waiting_mean, t.waiting_median, t.waiting_p95, t.within_15_percent,
           p.level_at,
           CASE WHEN t.received = 0 THEN 'no data: missing dossiers for the period'
                WHEN t.unknown = t.received AND t.waiting_unknown = t.received
                    THEN concat('no data: missing times for ', coalesce(t.agency, t.level, 'every unit'))
                WHEN t.unknown = t.received
                    THEN concat('no data: missing accepted_at for ', coalesce(t.agency, t.level, 'every unit'))
                WHEN t.waiting_unknown = t.received
                    THEN concat('no data: missing served_at for ', coalesce(t.agency, t.level, 'every unit'))
           END AS note
    FROM totals t
    CROSS JOIN span p
)
SELECT * FROM answer
ORDER BY CASE level WHEN 'central' THEN 1 WHEN 'province' THEN 2 WHEN 'district' THEN 3 WHEN 'commune' THEN 4
              WHEN 'unknown' THEN 5 ELSE 6 END,
         agency = 'total', agency
