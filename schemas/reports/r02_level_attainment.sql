-- R2 Level attainment: R1 by level, beside what the plan demands of the level.
-- Source: domain §4.3 R2, §2.8: 30/20/15 % by 12/2021, then 20 points a year more up to 100.
-- Inputs: documents, inventory, targets; agencies and agency_keys for `level_at = 'now'`.
--
-- level_at = 'issue': the document's level when it was issued, the inventory's when it was counted.
-- level_at = 'now': the level of the agency that keeps it today; districts ended on 1 July 2025.
-- target: the next one to be reached on or after the last day of the period, else the last there was.
WITH parameters AS (
    SELECT DATE '2026-06-15' AS period_from,   -- first day, counted
           DATE '2026-09-14' AS period_to,     -- last day, counted
           CAST(NULL AS VARCHAR) AS province,  -- code of the province; NULL: every one
           CAST(NULL AS VARCHAR) AS agency,    -- its code: it and the agencies below it; NULL: every one
           'issue' AS level_at                 -- 'issue': agencies and levels as they were; 'now': as they are
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
    SELECT agency_uid, code, name, level, valid_to, successor_uids
    FROM agencies
    QUALIFY row_number() OVER (
        PARTITION BY agency_uid ORDER BY coalesce(valid_to, DATE '9999-12-31') DESC, code) = 1
),
agency_heir AS (
    -- An agency that ended, and the one that took over; where several did, nobody can say which.
    SELECT agency_uid, min(heir_uid) AS heir_uid
    FROM (SELECT agency_uid, unnest(successor_uids) AS heir_uid
          FROM agency_last WHERE valid_to IS NOT NULL) AS heirs
    GROUP BY agency_uid
    HAVING count(DISTINCT heir_uid) = 1
),
agency_shown AS (
    -- Under which code and name an agency appears, and its level today.
    SELECT own.agency_uid,
           CASE WHEN p.level_at = 'now' THEN coalesce(heir.code, own.code) ELSE own.code END AS agency,
           CASE WHEN p.level_at = 'now' THEN coalesce(heir.name, own.name) ELSE own.name END AS agency_name,
           CASE WHEN own.valid_to IS NULL THEN own.level ELSE heir.level END AS level_now
    FROM agency_last own
    CROSS JOIN span p
    LEFT JOIN agency_heir ON agency_heir.agency_uid = own.agency_uid
    LEFT JOIN agency_last heir ON heir.agency_uid = agency_heir.heir_uid AND heir.valid_to IS NULL
),
-- end of shared
-- shared: documents
agency_of_code AS (
    SELECT key AS code, min(agency_uid) AS agency_uid
    FROM agency_keys
    WHERE kind = 'code' AND NOT ambiguous
    GROUP BY key
    HAVING count(DISTINCT agency_uid) = 1
),
published AS (
    -- What is published by the end of the period, in its current version.
    SELECT d.*,
           coalesce(s.agency, d.custodian_agency_code, 'unknown') AS agency,
           s.agency_name,
           coalesce(CASE WHEN p.level_at = 'now' THEN s.level_now ELSE d.level_at_issue END, 'unknown') AS level,
           d.first_seen_at >= p.from_at AS in_period
    FROM documents d
    CROSS JOIN span p
    LEFT JOIN agency_of_code c ON c.code = d.custodian_agency_code
    LEFT JOIN agency_shown s ON s.agency_uid = c.agency_uid
    WHERE d.state = 'published'
      AND d.first_seen_at < p.until_at
      AND (p.province IS NULL OR d.province = p.province)
      AND (p.agency IS NULL OR coalesce(s.agency, d.custodian_agency_code) = p.agency
           OR starts_with(coalesce(s.agency, d.custodian_agency_code), concat(p.agency, '.')))
),
-- end of shared
-- shared: inventory
counted AS (
    SELECT i.province, i.phase, i.valid_paper_count, i.year_from, i.year_to,
           coalesce(s.agency, i.agency_code) AS agency,
           s.agency_name,
           coalesce(CASE WHEN p.level_at = 'now' THEN s.level_now ELSE i.level END, 'unknown') AS level
    FROM inventory i
    CROSS JOIN span p
    LEFT JOIN agency_shown s ON s.agency_uid = i.agency_uid
    WHERE (p.province IS NULL OR i.province = p.province)
      AND (p.agency IS NULL OR coalesce(s.agency, i.agency_code) = p.agency
           OR starts_with(coalesce(s.agency, i.agency_code), concat(p.agency, '.')))
),
-- end of shared
gathered AS (
    SELECT level, valid_paper_count AS inventory, 0 AS digitised_ok FROM counted
    UNION ALL
    SELECT level, NULL,
           CASE WHEN validity_status = 'valid' AND signature_state = 'ok' THEN 1 ELSE 0 END
    FROM published
    WHERE doc_role = 'result' AND parent_document_uid IS NULL
),
by_level AS (
    SELECT level, sum(inventory) AS inventory, sum(digitised_ok) AS digitised_ok
    FROM gathered
    GROUP BY level
),
totals AS (
    SELECT level, sum(inventory) AS inventory, sum(digitised_ok) AS digitised_ok,
           sum(CASE WHEN inventory IS NOT NULL THEN digitised_ok END) AS of_counted,
           count(CASE WHEN inventory IS NULL THEN 1 END) AS missing
    FROM by_level
    GROUP BY GROUPING SETS ((level), ())
),
target_of_level AS (
    SELECT t.scope_value AS level, t.value, t.period_end,
           CASE WHEN t.period_end >= p.period_to THEN t.period_end - p.period_to
                ELSE 100000 + (p.period_to - t.period_end) END AS days_off
    FROM targets t
    CROSS JOIN span p
    WHERE t.report = 'R2' AND t.scope = 'level' AND t.unit = 'percent'
      AND (p.province IS NULL OR t.province = p.province)
),
nearest_target AS (
    SELECT level, value, period_end FROM target_of_level
    QUALIFY row_number() OVER (PARTITION BY level ORDER BY days_off, value) = 1
),
measured AS (
    SELECT t.*, 100.0 * t.of_counted / NULLIF(t.inventory, 0) AS percent FROM totals t
),
answer AS (
    SELECT coalesce(m.level, 'total') AS level,
           CAST(m.inventory AS BIGINT) AS inventory,
           CAST(m.digitised_ok AS BIGINT) AS digitised_ok,
           m.percent,
           g.value AS target,
           g.period_end AS target_by,
           m.percent - g.value AS above_target,
           p.level_at,
           CASE
               WHEN m.inventory IS NULL
                   THEN concat('no data: missing inventory for ', coalesce(m.level, 'every level'))
               WHEN m.inventory = 0 THEN 'the inventory counts nothing to digitise'
               WHEN m.level IS NULL AND m.missing > 0
                   THEN concat('without ', m.missing, ' levels that have no inventory')
               WHEN m.level IS NOT NULL AND g.value IS NULL
                   THEN concat('no data: missing targets for ', m.level)
           END AS note
    FROM measured m
    CROSS JOIN span p
    LEFT JOIN nearest_target g ON g.level = m.level
)
SELECT * FROM answer
ORDER BY CASE level WHEN 'central' THEN 1 WHEN 'province' THEN 2 WHEN 'district' THEN 3 WHEN 'commune' THEN 4
              WHEN 'unknown' THEN 5 ELSE 6 END
