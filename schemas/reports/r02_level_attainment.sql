-- R2 Level attainment: R1 by level, beside what the plan demands of the level.
-- Source: domain §4.3 R2, §2.8: 30/20/15 % by 12/2021, then 20 points a year more up to 100.
-- Inputs: documents, inventory; targets; signatures for test_key; agencies and agency_keys for
-- `level_at = 'now'`.
--
-- outside_inventory, role_unknown, validity_unknown, test_key, again: as in R1; the total is that of R1.
-- level_at = 'issue': the inventory's level when it was counted, and that level for the papers it counts:
-- a province's department also keeps what communes issued. Papers that no inventory counts are of the level
-- of who issued them, and so are those whose agency counted several levels.
-- level_at = 'now': the level of the agency that keeps it today; districts ended on 1 July 2025.
-- A level whose agencies keep none of the papers whose keeper is known has no percentage while others are
-- of unknown keeper.
-- target: the next one to be reached on or after the last day of the period, else the last there was.
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
-- shared: inventory
counted AS (
    -- undated: the agency's only counts are of no year, and so of all its papers; beside others such a
    -- count is of the papers whose year nobody knows.
    SELECT i.province, coalesce(CAST(i.phase AS VARCHAR), 'unknown') AS phase, i.year_from, i.year_to,
           count(i.year_to) OVER (PARTITION BY coalesce(s.agency, i.agency_code)) = 0 AS undated,
           i.valid_paper_count,
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
-- shared: results
signed_by_test AS (
    -- Files whose only valid signatures of an agency are by a throw-away key.
    SELECT source_uid, version
    FROM signatures
    WHERE role <> 'timestamp_doc' AND subject_kind = 'organisation'
      AND verdict IN ('ok', 'ok_legacy_alg', 'indeterminate_revocation')
    GROUP BY source_uid, version
    HAVING bool_and(trust_domain = 'test')
),
candidate AS (
    -- Published results, and papers of which nobody has said what they are: until `unknown` was a role,
    -- these were `other` without a manifest. A paper issued with another counts with it.
    SELECT d.document_uid, d.province, d.agency, d.agency_name, d.level,
           coalesce(CAST(d.phase AS VARCHAR), 'unknown') AS phase,
           d.document_year, d.phase_boundary_year, d.validity_status, d.is_valid, d.signature_state, d.first_seen_at,
           d.first_seen_at >= p.until_at - INTERVAL '28 days' AS is_recent,
           d.doc_role = 'result' AS is_result,
           d.doc_role = 'result' AND d.is_valid AND d.signature_state = 'ok' AS is_ok,
           t.source_uid IS NOT NULL AS is_by_test,
           -- shared: same paper
           CASE WHEN d.code_number IS NOT NULL AND d.code_notation IS NOT NULL
                     AND d.organ_name IS NOT NULL AND d.issued_date IS NOT NULL
                THEN concat_ws('|', d.code_number, upper(d.code_notation), lower(d.organ_name),
                         CAST(d.issued_date AS VARCHAR))
                ELSE d.document_uid END
           -- end of shared
           AS same_paper
    FROM published d
    CROSS JOIN span p
    LEFT JOIN signed_by_test t ON t.source_uid = d.source_uid AND t.version = d.version
    WHERE d.parent_document_uid IS NULL
      -- shared: role
      AND (d.doc_role IN ('result', 'unknown')
           OR d.doc_role = 'other' AND d.partner_id IS NULL
              AND NOT coalesce(array_has(map_extract(d.field_source, 'doc_role'), 'amended'), false))
      -- end of shared
),
paper AS (
    -- An agency's inventory has a paper once, in however many dossiers it is: the one that counts most.
    SELECT *, row_number() OVER (
        PARTITION BY agency, same_paper
        ORDER BY is_ok DESC, is_result DESC, is_by_test, first_seen_at, document_uid) > 1 AS is_again
    FROM candidate
),
by_year AS (
    SELECT agency, level, phase, document_year, max(agency_name) AS agency_name, max(province) AS province,
           count(*) FILTER (WHERE NOT is_again AND is_result) AS results,
           count(*) FILTER (WHERE NOT is_again AND is_ok) AS digitised_ok,
           count(*) FILTER (WHERE NOT is_again AND is_ok AND is_recent) AS recent,
           count(*) FILTER (WHERE NOT is_again AND is_ok AND phase_boundary_year) AS boundary_years,
           count(*) FILTER (WHERE NOT is_again AND NOT is_result) AS role_unknown,
           count(*) FILTER (WHERE NOT is_again AND is_result AND validity_status = 'unknown') AS validity_unknown,
           count(*) FILTER (WHERE NOT is_again AND is_result AND is_valid
                              AND signature_state <> 'ok') AS not_signed,
           count(*) FILTER (WHERE NOT is_again AND is_ok AND is_by_test) AS test_key,
           count(*) FILTER (WHERE is_again) AS again
    FROM paper
    GROUP BY agency, level, phase, document_year
),
result AS (
    -- in_phase: those of digitised_ok whose agency has an inventory of their phase. in_inventory: or one
    -- of several phases that has their year among its years. counted_level: that of the count they are
    -- held against, where it has one; a paper's own is that of who issued it, and not of who keeps it.
    SELECT y.agency, y.level, y.phase, y.document_year, max(y.agency_name) AS agency_name,
           max(y.province) AS province, max(y.results) AS results, max(y.digitised_ok) AS digitised_ok,
           CASE WHEN bool_or(i.phase = y.phase) THEN max(y.digitised_ok) ELSE 0 END AS in_phase,
           CASE WHEN count(i.agency) > 0 THEN max(y.digitised_ok) ELSE 0 END AS in_inventory,
           max(y.recent) AS recent, max(y.boundary_years) AS boundary_years,
           max(y.role_unknown) AS role_unknown, max(y.validity_unknown) AS validity_unknown,
           max(y.not_signed) AS not_signed, max(y.test_key) AS test_key, max(y.again) AS again,
           CASE WHEN count(DISTINCT i.level) = 1 THEN min(i.level) ELSE y.level END AS counted_level
    FROM by_year y
    LEFT JOIN counted i
        ON i.agency = y.agency
       AND (i.phase = y.phase
            OR i.undated
            OR i.phase = 'unknown' AND y.document_year >= coalesce(i.year_from, 0) AND y.document_year <= i.year_to)
    GROUP BY y.agency, y.level, y.phase, y.document_year
),
anything AS (
    -- Before the first paper is published there is no progress to speak of, and not 0. keeperless: who
    -- keeps such papers as candidates are nobody has said, and it may be an agency that has none of its own here.
    SELECT count(*) AS published,
           count(*) FILTER (WHERE d.custodian_agency_code IS NULL AND d.parent_document_uid IS NULL
                              -- shared: role
                              AND (d.doc_role IN ('result', 'unknown')
                                   OR d.doc_role = 'other' AND d.partner_id IS NULL
                                      AND NOT coalesce(array_has(map_extract(d.field_source, 'doc_role'), 'amended'), false))
                              -- end of shared
                           ) AS keeperless
    FROM documents d
    CROSS JOIN span p
    WHERE d.state = 'published' AND d.first_seen_at < p.until_at
      AND (p.province IS NULL OR d.province = p.province)
),
-- end of shared
gathered AS (
    SELECT level, valid_paper_count AS inventory, 0 AS results, 0 AS digitised_ok, 0 AS in_inventory,
           0 AS role_unknown, 0 AS validity_unknown, 0 AS test_key, 0 AS again, 0 AS kept
    FROM counted
    UNION ALL
    SELECT counted_level, NULL, results, digitised_ok, in_inventory, role_unknown, validity_unknown, test_key, again,
           CASE WHEN agency <> 'unknown' THEN results + role_unknown ELSE 0 END
    FROM result
),
totals AS (
    SELECT level, sum(inventory) AS inventory, sum(results) AS results, sum(digitised_ok) AS digitised_ok,
           sum(in_inventory) AS in_inventory, sum(role_unknown) AS role_unknown,
           sum(validity_unknown) AS validity_unknown, sum(test_key) AS test_key, sum(again) AS again, sum(kept) AS kept
    FROM gathered
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
    SELECT t.*,
           CASE
               WHEN t.inventory IS NULL
                   THEN concat('no data: missing inventory for ', coalesce(t.level, 'every level'))
               WHEN t.inventory = 0 THEN 'the inventory counts nothing to digitise'
               WHEN a.published = 0 THEN 'no data: missing documents for the period'
               WHEN t.results = t.validity_unknown AND t.role_unknown + t.validity_unknown > 0
                   THEN concat('no data: missing doc_role and validity_status for ', coalesce(t.level, 'every level'))
               WHEN t.kept = 0 AND a.keeperless > 0
                   THEN concat('no data: missing custodian_agency_code of ', a.keeperless, ' papers')
           END AS why_not
    FROM totals t
    CROSS JOIN anything a
),
shared AS (
    SELECT *, CASE WHEN why_not IS NULL THEN 100.0 * in_inventory / inventory END AS percent FROM measured
),
answer AS (
    SELECT coalesce(m.level, 'total') AS level,
           CAST(m.inventory AS BIGINT) AS inventory,
           CAST(m.digitised_ok AS BIGINT) AS digitised_ok,
           CAST(m.digitised_ok - m.in_inventory AS BIGINT) AS outside_inventory,
           m.percent,
           g.value AS target,
           g.period_end AS target_by,
           m.percent - g.value AS above_target,
           CAST(m.role_unknown AS BIGINT) AS role_unknown,
           CAST(m.validity_unknown AS BIGINT) AS validity_unknown,
           CAST(m.test_key AS BIGINT) AS test_key,
           CAST(m.again AS BIGINT) AS again,
           p.level_at,
           coalesce(m.why_not,
               NULLIF(concat_ws('; ',
                   CASE WHEN m.level IS NOT NULL AND g.value IS NULL
                            THEN concat('no data: missing targets for ', m.level) END,
                   CASE WHEN m.test_key > 0
                            THEN concat(m.test_key, ' by a test key: not legal signatures') END,
                   CASE WHEN m.in_inventory > m.inventory THEN 'more than the inventory counts: count again' END,
                   CASE WHEN m.digitised_ok > m.in_inventory
                            THEN concat('without ', m.digitised_ok - m.in_inventory, ' papers outside the inventory') END,
                   CASE WHEN m.role_unknown > 0
                            THEN concat('without ', m.role_unknown, ' papers of unknown role') END), '')) AS note
    FROM shared m
    CROSS JOIN span p
    LEFT JOIN nearest_target g ON g.level = m.level
)
SELECT * FROM answer
ORDER BY CASE level WHEN 'central' THEN 1 WHEN 'province' THEN 2 WHEN 'district' THEN 3 WHEN 'commune' THEN 4
              WHEN 'unknown' THEN 5 ELSE 6 END
