-- R1 Phase progress: how much of what exists is digitised, by agency and phase.
-- Source: the plans' phases by document year (domain §4.2, §4.3 R1); finished by 31/12/2025 (§2.8).
-- Inputs: documents, inventory; agencies and agency_keys for names and for `level_at = 'now'`.
--
-- percent = 100 * digitised_ok / inventory
-- digitised_ok: published by the end of the period, is a result, still valid, and carries a valid
-- signature of the agency. A plan or list issued with a decision counts with its decision.
-- A year printed in two phases (1996, 2006, 2016) belongs to the one scheduled earlier, so nothing
-- counts twice; boundary_years says how many of digitised_ok could be cut the other way.
-- Phase 0 is what is created electronically since 2022; `unknown` has no readable year.
-- An agency total counts all its phases. A total over agencies leaves out, above and below the line,
-- those without an inventory; its note says how many.
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
    SELECT agency, agency_name, phase, valid_paper_count AS inventory, 0 AS results, 0 AS digitised_ok,
           0 AS boundary_years, 0 AS validity_unknown, 0 AS not_signed
    FROM counted
    UNION ALL
    SELECT agency, agency_name, phase, NULL, 1,
           CASE WHEN validity_status = 'valid' AND signature_state = 'ok' THEN 1 ELSE 0 END,
           CASE WHEN validity_status = 'valid' AND signature_state = 'ok' AND phase_boundary_year
                THEN 1 ELSE 0 END,
           CASE WHEN validity_status = 'unknown' THEN 1 ELSE 0 END,
           CASE WHEN validity_status = 'valid' AND signature_state <> 'ok' THEN 1 ELSE 0 END
    FROM published
    WHERE doc_role = 'result' AND parent_document_uid IS NULL
),
by_phase AS (
    SELECT agency, coalesce(CAST(phase AS VARCHAR), 'unknown') AS phase, max(agency_name) AS agency_name,
           sum(inventory) AS inventory, sum(results) AS results, sum(digitised_ok) AS digitised_ok,
           sum(boundary_years) AS boundary_years, sum(validity_unknown) AS validity_unknown,
           sum(not_signed) AS not_signed
    FROM gathered
    GROUP BY agency, coalesce(CAST(phase AS VARCHAR), 'unknown')
),
judged AS (
    SELECT *, sum(inventory) OVER (PARTITION BY agency) IS NOT NULL AS agency_counted FROM by_phase
),
totals AS (
    SELECT agency, phase, max(agency_name) AS agency_name, sum(inventory) AS inventory,
           sum(results) AS results, sum(digitised_ok) AS digitised_ok,
           sum(boundary_years) AS boundary_years, sum(validity_unknown) AS validity_unknown,
           sum(not_signed) AS not_signed,
           sum(CASE WHEN inventory IS NOT NULL THEN digitised_ok END) AS of_counted_phases,
           sum(CASE WHEN agency_counted THEN digitised_ok END) AS of_counted_agencies,
           count(DISTINCT CASE WHEN NOT agency_counted THEN agency END) AS agencies_missing,
           count(DISTINCT CASE WHEN inventory IS NULL THEN agency END) AS phases_missing
    FROM judged
    GROUP BY GROUPING SETS ((agency, phase), (agency), (phase), ())
),
answer AS (
    SELECT coalesce(t.agency, 'total') AS agency,
           CASE WHEN t.agency IS NOT NULL THEN t.agency_name END AS agency_name,
           coalesce(t.phase, 'total') AS phase,
           CAST(t.inventory AS BIGINT) AS inventory,
           CAST(t.results AS BIGINT) AS results,
           CAST(t.digitised_ok AS BIGINT) AS digitised_ok,
           100.0 * CASE WHEN t.phase IS NULL THEN t.of_counted_agencies ELSE t.of_counted_phases END
               / NULLIF(t.inventory, 0) AS percent,
           CAST(t.boundary_years AS BIGINT) AS boundary_years,
           CAST(t.validity_unknown AS BIGINT) AS validity_unknown,
           CAST(t.not_signed AS BIGINT) AS not_signed,
           p.level_at,
           CASE
               WHEN t.inventory IS NULL THEN concat('no data: missing inventory for ',
                   coalesce(t.agency, 'every agency'), CASE WHEN t.phase IS NULL THEN '' ELSE concat(', phase ', t.phase) END)
               WHEN t.inventory = 0 THEN 'the inventory counts nothing to digitise'
               WHEN t.agency IS NULL AND t.phase IS NULL AND t.agencies_missing > 0
                   THEN concat('without ', t.agencies_missing, ' agencies that have no inventory')
               WHEN t.agency IS NULL AND t.phase IS NOT NULL AND t.phases_missing > 0
                   THEN concat('without ', t.phases_missing, ' agencies that have no inventory of the phase')
               WHEN t.digitised_ok > t.inventory THEN 'more than the inventory counts: count again'
           END AS note
    FROM totals t
    CROSS JOIN span p
)
SELECT * FROM answer
ORDER BY agency = 'total', agency, phase = 'total', phase
