-- R12 Metadata quality: documents with every mandatory field, mean confidence, and what waits for
-- somebody to look at it.
-- Source: domain §4.3 R12; fault Q04 of §2.5.
-- Inputs: documents.
--
-- percent = 100 * complete / documents, over documents first published within the period.
-- mean_confidence: mean over these of each document's mean field confidence, 0 to 1;
-- confidence_unknown: documents without one.
-- backlog: everything published by the end of the period that needs review, with its age in days on
-- the last day.
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
-- shared: codes
code_begun AS (
    -- From which day a code is whose; of several agencies at once it is nobody's.
    SELECT key AS code, CAST(CAST(valid_from AS VARCHAR) || 'T00:00:00+07:00' AS TIMESTAMPTZ) AS begun_at,
           CASE WHEN NOT bool_or(ambiguous) AND count(DISTINCT agency_uid) = 1 THEN min(agency_uid) END AS agency_uid
    FROM agency_keys
    WHERE kind = 'code'
    GROUP BY key, valid_from
),
agency_of_code AS (
    -- A code may be given to another agency: on a day it means who had it last by then, and who had it
    -- first before anybody did.
    SELECT code, agency_uid,
           CASE WHEN row_number() OVER (PARTITION BY code ORDER BY begun_at NULLS FIRST) > 1
                THEN begun_at END AS held_from,
           lead(begun_at) OVER (PARTITION BY code ORDER BY begun_at NULLS FIRST) AS held_until
    FROM code_begun
),
-- end of shared
-- shared: documents
published AS (
    -- What is published by the end of the period, in its current version.
    SELECT d.*,
           coalesce(s.agency, d.custodian_agency_code, 'unknown') AS agency,
           s.agency_name,
           coalesce(CASE WHEN p.level_at = 'now' THEN s.level_now ELSE d.level_at_issue END, 'unknown') AS level,
           d.first_seen_at >= p.from_at AS in_period,
           -- Said to be valid, and not over before the period is.
           d.validity_status = 'valid' AND coalesce(d.valid_to >= p.period_to, true) AS is_valid
    FROM documents d
    CROSS JOIN span p
    LEFT JOIN agency_of_code c
        ON c.code = d.custodian_agency_code
       AND coalesce(d.first_seen_at >= c.held_from, true) AND coalesce(d.first_seen_at < c.held_until, true)
    LEFT JOIN agency_shown s ON s.agency_uid = c.agency_uid
    WHERE d.state = 'published'
      AND d.first_seen_at < p.until_at
      AND (p.province IS NULL OR d.province = p.province)
      AND (p.agency IS NULL OR coalesce(s.agency, d.custodian_agency_code) = p.agency
           OR starts_with(coalesce(s.agency, d.custodian_agency_code), concat(p.agency, '.')))
),
-- end of shared
judged AS (
    SELECT d.level, d.agency, d.agency_name, d.in_period, d.extraction_confidence,
           coalesce(array_length(d.fields_missing), 0) = 0 AS complete,
           d.needs_review,
           (EXTRACT(EPOCH FROM p.until_at) - EXTRACT(EPOCH FROM d.first_seen_at)) / 86400.0 AS age_days
    FROM published d
    CROSS JOIN span p
    WHERE d.in_period OR d.needs_review
),
totals AS (
    SELECT level, agency, max(agency_name) AS agency_name,
           count(*) FILTER (WHERE in_period) AS documents,
           count(*) FILTER (WHERE in_period AND complete) AS complete,
           avg(CASE WHEN in_period THEN CAST(extraction_confidence AS DOUBLE) END) AS mean_confidence,
           count(*) FILTER (WHERE in_period AND extraction_confidence IS NULL) AS confidence_unknown,
           count(*) FILTER (WHERE needs_review) AS backlog,
           avg(CASE WHEN needs_review THEN age_days END) AS backlog_mean_days,
           max(CASE WHEN needs_review THEN age_days END) AS backlog_oldest_days
    FROM judged
    GROUP BY GROUPING SETS ((level, agency), (level), ())
),
answer AS (
    SELECT coalesce(t.level, 'total') AS level,
           coalesce(t.agency, 'total') AS agency,
           CASE WHEN t.agency IS NOT NULL THEN t.agency_name END AS agency_name,
           t.documents, t.complete,
           100.0 * t.complete / NULLIF(t.documents, 0) AS percent,
           t.mean_confidence, t.confidence_unknown,
           t.backlog, t.backlog_mean_days, t.backlog_oldest_days,
           p.level_at,
           CASE WHEN t.documents = 0
                    THEN concat('no data: missing documents of the period for ', coalesce(t.agency, t.level, 'every agency'))
                WHEN t.confidence_unknown = t.documents
                    THEN concat('no data: missing extraction_confidence for ', coalesce(t.agency, t.level, 'every agency'))
           END AS note
    FROM totals t
    CROSS JOIN span p
)
SELECT * FROM answer
ORDER BY CASE level WHEN 'central' THEN 1 WHEN 'province' THEN 2 WHEN 'district' THEN 3 WHEN 'commune' THEN 4
              WHEN 'unknown' THEN 5 ELSE 6 END,
         agency = 'total', agency
