-- R14 Plan and actual: what is digitised, beside a straight line from nothing on the first day of
-- the phase to all of the inventory on its last; and when it will be done at today's pace.
-- Source: domain §4.3 R14, phases of §4.2.
-- Inputs: documents, inventory; phases; signatures for test_key; agencies and agency_keys for names and
-- for `level_at = 'now'`.
--
-- planned = inventory * share of the phase's days that had passed by the end of the period (0 to 1)
-- ahead = digitised_ok - planned; digitised_ok as in R1
-- per_week: digitised_ok of the last 28 days of the period / 4
-- forecast = last day of the period + remaining / (per_week / 7), rounded up; none without a pace.
-- The plan is that of the province the agency's code begins with, else of the province at work:
-- after a merger the old plans go on. `unknown`: years unknown, or over several phases: no window. What
-- such a count has of papers stands in the rows of their own phases, so that nothing is left over or
-- forecast here; R1's totals hold it against the papers of its years.
-- role_unknown, validity_unknown, test_key, again: as in R1; where there are only such, nothing is forecast,
-- nor for an agency that keeps none of the papers whose keeper is known while others are of unknown keeper.
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
    SELECT province, agency, phase, valid_paper_count AS inventory, 0 AS results, 0 AS digitised_ok, 0 AS recent,
           0 AS role_unknown, 0 AS validity_unknown, 0 AS test_key, 0 AS again
    FROM counted
    UNION ALL
    SELECT province, agency, phase, NULL, results, digitised_ok, recent, role_unknown, validity_unknown, test_key, again
    FROM result
),
by_agency AS (
    SELECT agency, phase, max(province) AS province, sum(inventory) AS inventory, sum(results) AS results,
           sum(digitised_ok) AS digitised_ok, sum(recent) AS recent, sum(role_unknown) AS role_unknown,
           sum(validity_unknown) AS validity_unknown, sum(test_key) AS test_key, sum(again) AS again
    FROM gathered
    GROUP BY agency, phase
),
planned AS (
    SELECT g.*,
           CASE WHEN g.agency <> 'unknown'
                    THEN sum(g.results + g.role_unknown) OVER (PARTITION BY g.agency) END AS agency_papers,
           coalesce(own.window_from, other.window_from) AS window_from,
           CASE WHEN own.phase IS NOT NULL THEN own.window_to ELSE other.window_to END AS window_to
    FROM by_agency g
    LEFT JOIN phases own
        ON own.province = split_part(g.agency, '.', 1) AND CAST(own.phase AS VARCHAR) = g.phase
    LEFT JOIN phases other ON other.province = g.province AND CAST(other.phase AS VARCHAR) = g.phase
),
lined AS (
    SELECT n.*,
           CASE WHEN n.window_from IS NULL OR n.window_to IS NULL THEN NULL
                WHEN p.period_to < n.window_from THEN 0.0
                WHEN p.period_to >= n.window_to THEN 1.0
                ELSE (p.period_to - n.window_from + 1) * 1.0 / (n.window_to - n.window_from + 1)
           END * n.inventory AS planned
    FROM planned n
    CROSS JOIN span p
),
totals AS (
    SELECT agency, phase, sum(inventory) AS inventory, sum(digitised_ok) AS digitised_ok,
           sum(recent) AS recent, sum(planned) AS planned, max(window_to) AS window_to,
           sum(role_unknown) AS role_unknown, sum(validity_unknown) AS validity_unknown,
           sum(test_key) AS test_key, sum(again) AS again, max(agency_papers) AS kept_by_any,
           sum(results) = sum(validity_unknown) AND sum(role_unknown) + sum(validity_unknown) > 0 AS only_unknown,
           sum(CASE WHEN inventory IS NOT NULL THEN digitised_ok END) AS of_counted,
           sum(CASE WHEN inventory IS NOT NULL THEN recent END) AS recent_of_counted,
           sum(CASE WHEN planned IS NOT NULL THEN digitised_ok END) AS of_planned,
           count(CASE WHEN inventory IS NULL THEN 1 END) AS missing
    FROM lined
    GROUP BY GROUPING SETS ((agency, phase), (phase))
),
judged AS (
    SELECT t.*,
           CASE WHEN t.inventory IS NULL
                    THEN concat('no data: missing inventory for ', coalesce(t.agency, 'every agency'), ', phase ', t.phase)
                WHEN t.phase = 'unknown' THEN 'years unknown or of several phases: held against papers in the totals of R1'
                WHEN a.published = 0 THEN 'no data: missing documents for the period'
                WHEN t.only_unknown
                    THEN concat('no data: missing doc_role and validity_status for ', coalesce(t.agency, 'every agency'),
                        ', phase ', t.phase)
                WHEN coalesce(t.kept_by_any, 0) = 0 AND a.keeperless > 0
                    THEN concat('no data: missing custodian_agency_code of ', a.keeperless, ' papers')
           END AS why_not
    FROM totals t
    CROSS JOIN anything a
),
paced AS (
    SELECT j.*,
           CASE WHEN j.why_not IS NOT NULL THEN NULL
                WHEN j.inventory > j.of_counted THEN j.inventory - j.of_counted ELSE 0 END AS remaining,
           CASE WHEN NOT j.only_unknown THEN coalesce(j.recent_of_counted, j.recent) / 4.0 END AS per_week
    FROM judged j
),
dated AS (
    SELECT *, CASE WHEN remaining = 0 THEN 0
                   WHEN per_week > 0 THEN ceil(remaining * 7.0 / per_week) END AS days_left
    FROM paced
),
answer AS (
    SELECT coalesce(t.agency, 'total') AS agency,
           t.phase,
           t.window_to AS phase_end,
           CAST(t.inventory AS BIGINT) AS inventory,
           CAST(t.digitised_ok AS BIGINT) AS digitised_ok,
           t.planned,
           CASE WHEN t.why_not IS NULL THEN t.of_planned - t.planned END AS ahead,
           CAST(t.remaining AS BIGINT) AS remaining,
           t.per_week,
           CASE WHEN t.days_left <= 36500 THEN p.period_to + CAST(t.days_left AS INTEGER) END AS forecast,
           CAST(t.role_unknown AS BIGINT) AS role_unknown,
           CAST(t.validity_unknown AS BIGINT) AS validity_unknown,
           CAST(t.test_key AS BIGINT) AS test_key,
           CAST(t.again AS BIGINT) AS again,
           p.level_at,
           CASE WHEN t.why_not IS NOT NULL THEN t.why_not
                ELSE NULLIF(concat_ws('; ',
                    CASE WHEN t.planned IS NULL AND t.phase <> '0'
                             THEN concat('no data: missing phases for ', coalesce(t.agency, 'every agency'),
                                 ', phase ', t.phase) END,
                    CASE WHEN t.test_key > 0
                             THEN concat(t.test_key, ' by a test key: not legal signatures') END,
                    CASE WHEN t.agency IS NULL AND t.missing > 0
                             THEN concat('without ', t.missing, ' agencies that have no inventory of the phase') END,
                    CASE WHEN t.days_left IS NULL THEN 'nothing in the last four weeks: no forecast'
                         WHEN t.days_left > 36500 THEN 'at this pace not within a hundred years'
                         WHEN p.period_to + CAST(t.days_left AS INTEGER) > t.window_to
                             THEN 'later than the phase ends' END,
                    CASE WHEN t.role_unknown > 0
                             THEN concat('without ', t.role_unknown, ' papers of unknown role') END,
                    CASE WHEN k.code IS NOT NULL THEN 'several agencies had this code at once' END), '')
           END AS note
    FROM dated t
    CROSS JOIN span p
    LEFT JOIN (SELECT DISTINCT code FROM agency_of_code WHERE agency_uid IS NULL) k ON k.code = t.agency
)
SELECT * FROM answer
ORDER BY agency = 'total', agency, phase
