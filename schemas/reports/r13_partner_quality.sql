-- R13 Partner quality: what each post office sends, what is refused and why, how fast it is mended.
-- Source: domain §4.3 R13.
-- Inputs: intake, documents (which say whose dossier a file belongs to); agencies for names.
--
-- Over files received within the period; one row a partner and outcome, and a total of each.
-- refused_percent = 100 * refused / files; duplicate_percent = 100 * duplicates / files.
-- A file belongs to the partner of a published document of its dossier. Nothing of the dossier is
-- published: its partner is `unknown`. Files of dossiers from a counter or a backfill are not here.
-- mended: refused, and other bytes at the same address of the dossier were published by the end of
-- the period; mean_hours_to_mend from the refusal to that publication. What was refused and then
-- published with the same bytes is one receipt, and not counted as refused any more.
-- A file belongs to no agency: `agency` has no part in this report.
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
dossier AS (
    SELECT dossier_uid, min(partner_id) AS partner_id, min(intake_channel) AS channel
    FROM documents GROUP BY dossier_uid
),
published_at AS (
    SELECT intake_uid, settled_at FROM intake WHERE outcome = 'published'
),
file AS (
    SELECT i.intake_uid, i.source_uid, i.pages, i.code, i.outcome, i.settled_at,
           coalesce(d.partner_id, 'unknown') AS partner,
           CASE WHEN i.duplicate_of IS NOT NULL THEN 1 ELSE 0 END AS duplicate
    FROM intake i
    CROSS JOIN span p
    LEFT JOIN dossier d ON d.dossier_uid = i.dossier_uid
    WHERE i.received_at >= p.from_at AND i.received_at < p.until_at
      AND (p.province IS NULL OR i.province = p.province)
      AND coalesce(d.channel, 'postal') = 'postal'
),
mended AS (
    SELECT f.intake_uid, f.source_uid,
           min(EXTRACT(EPOCH FROM m.settled_at) - EXTRACT(EPOCH FROM f.settled_at)) / 3600.0 AS hours
    FROM file f
    CROSS JOIN span p
    JOIN published_at m ON m.intake_uid = f.intake_uid
    WHERE f.outcome = 'quarantined' AND m.settled_at >= f.settled_at AND m.settled_at < p.until_at
    GROUP BY f.intake_uid, f.source_uid
),
judged AS (
    SELECT f.partner, f.pages, f.duplicate, m.hours,
           CASE WHEN f.outcome = 'quarantined' THEN coalesce(f.code, 'unknown') ELSE f.outcome END AS outcome,
           CASE WHEN f.outcome = 'quarantined' THEN 1 ELSE 0 END AS refused
    FROM file f
    LEFT JOIN mended m ON m.intake_uid = f.intake_uid AND m.source_uid = f.source_uid
),
totals AS (
    SELECT partner, outcome, count(*) AS files, sum(pages) AS pages, sum(refused) AS refused,
           count(hours) AS mended, avg(hours) AS mean_hours_to_mend, sum(duplicate) AS duplicates
    FROM judged
    GROUP BY GROUPING SETS ((partner, outcome), (partner), ())
),
office AS (
    SELECT code, min(name) AS name FROM agencies WHERE valid_to IS NULL GROUP BY code
),
answer AS (
    SELECT coalesce(t.partner, 'total') AS partner,
           CASE WHEN t.partner IS NOT NULL THEN o.name END AS partner_name,
           coalesce(t.outcome, 'total') AS outcome,
           t.files,
           CAST(t.pages AS BIGINT) AS pages,
           CAST(t.refused AS BIGINT) AS refused,
           100.0 * t.refused / NULLIF(t.files, 0) AS refused_percent,
           t.mended, t.mean_hours_to_mend,
           CAST(t.duplicates AS BIGINT) AS duplicates,
           100.0 * t.duplicates / NULLIF(t.files, 0) AS duplicate_percent,
           CASE WHEN t.files = 0 THEN 'no data: missing intake for the period'
                WHEN t.partner = 'unknown' AND t.outcome IS NULL THEN 'nothing of their dossiers is published: whose they are is not known'
           END AS note
    FROM totals t
    LEFT JOIN office o ON o.code = t.partner
)
SELECT * FROM answer
ORDER BY partner = 'total', partner, outcome = 'total', outcome
