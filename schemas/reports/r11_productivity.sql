-- R11 Productivity: dossiers accepted, per full-time post and year, by unit.
-- Source: domain §4.3 R11; 1,600 dossiers a person and year, 800 in remote areas (§2.8).
-- Inputs: dossiers, staff; targets for what is demanded.
--
-- per_fte_year = accepted / fte_years
-- accepted: accepted within the period, or taken in within it where no acceptance is recorded.
-- fte_years: of the people at reception and processing, share of a post * days in the unit within
-- the period / 365. A unit without staff in the list has no value; the total leaves it out.
-- target: of the area; the next to be reached on or after the last day of the period, else the last
-- there was.
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
accepted AS (
    SELECT agency, level, max(agency_name) AS agency_name, count(*) AS accepted
    FROM cases
    WHERE coalesce(accepted_at, received_at) >= from_at AND coalesce(accepted_at, received_at) < until_at
    GROUP BY agency, level
),
by_unit AS (
    SELECT agency, max(agency_name) AS agency_name, sum(accepted) AS accepted FROM accepted GROUP BY agency
),
post AS (
    SELECT coalesce(s.agency, f.agency_code) AS agency, s.agency_name, f.fte, f.remote_area,
           greatest(f.from_date, p.period_from) AS first_day,
           least(coalesce(f.to_date, p.period_to + 1), p.period_to + 1) AS end_day
    FROM staff f
    CROSS JOIN span p
    LEFT JOIN agency_shown s ON s.agency_uid = f.agency_uid
    WHERE f.role IN ('reception', 'processing')
      AND f.from_date <= p.period_to AND coalesce(f.to_date > p.period_from, true)
      AND (p.province IS NULL OR f.province = p.province)
      AND (p.agency IS NULL OR coalesce(s.agency, f.agency_code) = p.agency
           OR starts_with(coalesce(s.agency, f.agency_code), concat(p.agency, '.')))
),
posts AS (
    SELECT agency, max(agency_name) AS agency_name, sum(fte * (end_day - first_day) / 365.0) AS fte_years,
           bool_or(remote_area) AS remote_area
    FROM post
    GROUP BY agency
),
target_of_area AS (
    SELECT t.scope_value AS area, t.value,
           CASE WHEN t.period_end >= p.period_to THEN t.period_end - p.period_to
                ELSE 100000 + (p.period_to - t.period_end) END AS days_off
    FROM targets t
    CROSS JOIN span p
    WHERE t.report = 'R11' AND t.scope = 'area' AND (p.province IS NULL OR t.province = p.province)
),
nearest_target AS (
    SELECT area, value FROM target_of_area
    QUALIFY row_number() OVER (PARTITION BY area ORDER BY days_off, value) = 1
),
recorded AS (
    -- Where no dossier of the period is recorded at all, a unit's 0 would be no figure.
    SELECT count(*) AS dossiers
    FROM dossiers d
    CROSS JOIN span p
    WHERE coalesce(d.accepted_at, d.received_at) >= p.from_at AND coalesce(d.accepted_at, d.received_at) < p.until_at
      AND (p.province IS NULL OR d.province = p.province)
),
joined AS (
    SELECT coalesce(u.agency, s.agency) AS agency, coalesce(u.agency_name, s.agency_name) AS agency_name,
           coalesce(u.accepted, CASE WHEN r.dossiers > 0 THEN 0 END) AS accepted, s.fte_years, s.remote_area
    FROM by_unit u
    FULL OUTER JOIN posts s ON s.agency = u.agency
    CROSS JOIN recorded r
),
totals AS (
    SELECT agency, max(agency_name) AS agency_name, sum(accepted) AS accepted, sum(fte_years) AS fte_years,
           sum(CASE WHEN fte_years IS NOT NULL THEN accepted END) AS of_counted,
           count(CASE WHEN fte_years IS NULL THEN 1 END) AS missing,
           bool_or(remote_area) AS remote_area
    FROM joined
    GROUP BY GROUPING SETS ((agency), ())
),
answer AS (
    SELECT coalesce(t.agency, 'total') AS agency,
           CASE WHEN t.agency IS NOT NULL THEN t.agency_name END AS agency_name,
           CAST(t.accepted AS BIGINT) AS accepted,
           t.fte_years,
           t.of_counted / NULLIF(t.fte_years, 0) AS per_fte_year,
           g.value AS target,
           100.0 * t.of_counted / NULLIF(t.fte_years, 0) / NULLIF(g.value, 0) AS percent_of_target,
           p.level_at,
           CASE WHEN t.accepted IS NULL THEN 'no data: missing dossiers for the period'
                WHEN t.fte_years IS NULL THEN concat('no data: missing staff for ', coalesce(t.agency, 'every unit'))
                WHEN t.agency IS NULL AND t.missing > 0
                    THEN concat('without ', t.missing, ' units that have no staff in the list')
                WHEN t.agency IS NOT NULL AND g.value IS NULL
                    THEN concat('no data: missing targets for area ', CASE WHEN t.remote_area THEN 'remote' ELSE 'other' END)
           END AS note
    FROM totals t
    CROSS JOIN span p
    LEFT JOIN nearest_target g
        ON t.agency IS NOT NULL AND g.area = CASE WHEN t.remote_area THEN 'remote' ELSE 'other' END
)
SELECT * FROM answer
ORDER BY agency = 'total', agency
