-- R14 Plan and actual: what is digitised, beside a straight line from nothing on the first day of
-- the phase to all of the inventory on its last; and when it will be done at today's pace.
-- Source: domain §4.3 R14, phases of §4.2.
-- Inputs: documents, inventory, phases.
--
-- planned = inventory * share of the phase's days that had passed by the end of the period (0 to 1)
-- ahead = digitised_ok - planned; digitised_ok as in R1
-- per_week: digitised_ok of the last 28 days of the period / 4
-- forecast = last day of the period + remaining / (per_week / 7), rounded up; none without a pace.
-- The plan is that of the province the agency's code begins with, else of the row's own province:
-- after a merger the old plans go on. `unknown`: years unknown, or over several phases: no window.
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
    SELECT province, agency, phase, valid_paper_count AS inventory, 0 AS digitised_ok, 0 AS recent
    FROM counted
    UNION ALL
    SELECT d.province, d.agency, d.phase, NULL, 1,
           CASE WHEN d.first_seen_at >= p.until_at - INTERVAL '28 days' THEN 1 ELSE 0 END
    FROM published d
    CROSS JOIN span p
    WHERE d.doc_role = 'result' AND d.parent_document_uid IS NULL
      AND d.validity_status = 'valid' AND d.signature_state = 'ok'
),
by_agency AS (
    SELECT province, agency, phase, sum(inventory) AS inventory, sum(digitised_ok) AS digitised_ok,
           sum(recent) AS recent
    FROM gathered
    GROUP BY province, agency, phase
),
planned AS (
    SELECT g.agency, coalesce(CAST(g.phase AS VARCHAR), 'unknown') AS phase, g.inventory, g.digitised_ok,
           g.recent, coalesce(own.window_from, other.window_from) AS window_from,
           CASE WHEN own.phase IS NOT NULL THEN own.window_to ELSE other.window_to END AS window_to
    FROM by_agency g
    LEFT JOIN phases own ON own.province = split_part(g.agency, '.', 1) AND own.phase = g.phase
    LEFT JOIN phases other ON other.province = g.province AND other.phase = g.phase
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
           sum(CASE WHEN inventory IS NOT NULL THEN digitised_ok END) AS of_counted,
           sum(CASE WHEN inventory IS NOT NULL THEN recent END) AS recent_of_counted,
           sum(CASE WHEN planned IS NOT NULL THEN digitised_ok END) AS of_planned,
           count(CASE WHEN inventory IS NULL THEN 1 END) AS missing
    FROM lined
    GROUP BY GROUPING SETS ((agency, phase), (phase))
),
paced AS (
    SELECT t.*,
           CASE WHEN t.inventory > t.of_counted THEN t.inventory - t.of_counted ELSE 0 END AS remaining,
           t.recent_of_counted / 4.0 AS per_week
    FROM totals t
),
dated AS (
    SELECT *, CASE WHEN inventory IS NULL THEN NULL
                   WHEN remaining = 0 THEN 0
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
           t.of_planned - t.planned AS ahead,
           CASE WHEN t.inventory IS NOT NULL THEN CAST(t.remaining AS BIGINT) END AS remaining,
           coalesce(t.recent_of_counted, t.recent) / 4.0 AS per_week,
           CASE WHEN t.days_left <= 36500 THEN p.period_to + CAST(t.days_left AS INTEGER) END AS forecast,
           p.level_at,
           CASE WHEN t.inventory IS NULL
                    THEN concat('no data: missing inventory for ', coalesce(t.agency, 'every agency'), ', phase ', t.phase)
                WHEN t.planned IS NULL AND t.phase <> '0'
                    THEN concat('no data: missing phases for ', coalesce(t.agency, 'every agency'), ', phase ', t.phase)
                WHEN t.agency IS NULL AND t.missing > 0
                    THEN concat('without ', t.missing, ' agencies that have no inventory of the phase')
                WHEN t.days_left IS NULL THEN 'nothing in the last four weeks: no forecast'
                WHEN t.days_left > 36500 THEN 'at this pace not within a hundred years'
                WHEN p.period_to + CAST(t.days_left AS INTEGER) > t.window_to THEN 'later than the phase ends'
           END AS note
    FROM dated t
    CROSS JOIN span p
)
SELECT * FROM answer
ORDER BY agency = 'total', agency, phase
