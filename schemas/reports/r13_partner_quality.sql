-- R13 Partner quality: what each post office sends, what is refused and why, how fast it is mended.
-- Source: domain §4.3 R13.
-- Inputs: events (received, refused, release_refused, published; rejected and fixed of the partner's own
-- system); documents say whose dossier a file belongs to; agencies for names.
--
-- Over files received within the period, and uploads that were rejected before they came in; one row a
-- partner and outcome, and a total of each.
-- refused_percent = 100 * refused / files; duplicate_percent = 100 * duplicates / files.
-- outcome: the code of the first refusal, also where it was mended later; else published, or held.
-- A file belongs to the partner that its receipt names, else to the one of another file or of a
-- published document of its dossier. Nobody says: its partner is `unknown`, where its channel or its
-- dossier's is the post. Files of dossiers from a counter or a backfill are not here. How a file came in
-- its receipt says, else the published documents of its dossier; files of which neither does (receipts
-- of before they said so) are in no figure, and the total's note counts them.
-- mended: refused, and by the end of the period the same address of the dossier had a publication, or
-- the partner told that it is fixed; mean_hours_to_mend from the first refusal to that.
-- A file belongs to no agency: `agency` has no part in this report.
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
received AS (
    -- Files that came in, one row a receipt.
    SELECT subject_uid AS intake_uid, source_uid, dossier_uid, province, occurred_at, outcome,
           CASE WHEN actor_kind = 'partner' THEN actor_ref END AS partner,
           NULLIF(regexp_replace(details, '^.*"channel":"([a-z]+)".*$', '\1'), details) AS channel,
           CAST(NULLIF(regexp_replace(details, '^.*"pages":([0-9]+).*$', '\1'), details) AS BIGINT) AS pages
    FROM events
    WHERE action = 'received'
),
dossier AS (
    -- Whose a dossier is and how it came, where one of its files or published documents says so.
    SELECT dossier_uid, min(partner) AS partner, min(channel) AS channel
    FROM (SELECT dossier_uid, partner, channel FROM received
          UNION ALL
          SELECT dossier_uid, partner_id AS partner, intake_channel AS channel FROM documents) AS said
    GROUP BY dossier_uid
),
refusal AS (
    -- The first refusal of a source: from then on there is something to mend.
    SELECT subject_uid AS source_uid, occurred_at AS refused_at, coalesce(error_code, 'unknown') AS code
    FROM events
    CROSS JOIN span p
    WHERE action IN ('refused', 'release_refused') AND occurred_at < p.until_at
    QUALIFY row_number() OVER (PARTITION BY subject_uid ORDER BY occurred_at, event_uid) = 1
),
published AS (
    SELECT source_uid, min(occurred_at) AS published_at
    FROM events
    CROSS JOIN span p
    WHERE action = 'published' AND occurred_at < p.until_at
    GROUP BY source_uid
),
fixed AS (
    SELECT subject_uid, occurred_at AS fixed_at
    FROM events
    CROSS JOIN span p
    WHERE action = 'fixed' AND occurred_at < p.until_at
),
arrived AS (
    SELECT r.intake_uid, r.source_uid, r.pages, r.outcome,
           coalesce(r.partner, d.partner) AS partner, coalesce(r.channel, d.channel) AS channel
    FROM received r
    CROSS JOIN span p
    LEFT JOIN dossier d ON d.dossier_uid = r.dossier_uid
    WHERE r.occurred_at >= p.from_at AND r.occurred_at < p.until_at
      AND (p.province IS NULL OR r.province = p.province)
),
file AS (
    SELECT r.intake_uid, r.source_uid, r.pages, f.refused_at,
           coalesce(r.partner, 'unknown') AS partner,
           coalesce(f.code, CASE WHEN b.published_at IS NOT NULL THEN 'published' ELSE 'held' END) AS outcome,
           CASE WHEN r.outcome = 'duplicate' THEN 1 ELSE 0 END AS duplicate
    FROM arrived r
    LEFT JOIN refusal f ON f.source_uid = r.source_uid
    LEFT JOIN published b ON b.source_uid = r.source_uid
    WHERE r.partner IS NOT NULL OR r.channel = 'postal'
),
nowhere AS (
    SELECT count(*) AS files FROM arrived WHERE partner IS NULL AND channel IS NULL
),
turned_back AS (
    -- What the partner's own system says of uploads that never came in.
    SELECT event_uid, subject_uid, occurred_at AS refused_at, coalesce(actor_ref, 'unknown') AS partner,
           coalesce(error_code, 'unknown') AS outcome,
           coalesce(CAST(NULLIF(regexp_replace(details, '^.*"files":([0-9]+).*$', '\1'), details) AS BIGINT), 1) AS files,
           CAST(NULLIF(regexp_replace(details, '^.*"pages":([0-9]+).*$', '\1'), details) AS BIGINT) AS pages
    FROM events
    CROSS JOIN span p
    WHERE action = 'rejected' AND occurred_at >= p.from_at AND occurred_at < p.until_at
      AND (p.province IS NULL OR events.province = p.province)
),
mended AS (
    -- When what was refused was put right: told by the partner, or seen at the same address.
    SELECT f.intake_uid, f.source_uid, min(m.mended_at) AS mended_at
    FROM file f
    JOIN (SELECT r.intake_uid, b.published_at AS mended_at FROM received r JOIN published b ON b.source_uid = r.source_uid
          UNION ALL
          SELECT r.intake_uid, x.fixed_at AS mended_at FROM received r JOIN fixed x ON x.subject_uid = r.source_uid) AS m
      ON m.intake_uid = f.intake_uid
    WHERE m.mended_at >= f.refused_at
    GROUP BY f.intake_uid, f.source_uid
),
mended_outside AS (
    SELECT t.event_uid, min(x.fixed_at) AS mended_at
    FROM turned_back t
    JOIN fixed x ON x.subject_uid = t.subject_uid
    WHERE x.fixed_at >= t.refused_at
    GROUP BY t.event_uid
),
judged AS (
    SELECT f.partner, f.outcome, 1 AS files, f.pages, f.duplicate,
           CASE WHEN f.refused_at IS NOT NULL THEN 1 ELSE 0 END AS refused,
           CASE WHEN m.mended_at IS NOT NULL THEN 1 ELSE 0 END AS mended,
           (EXTRACT(EPOCH FROM m.mended_at) - EXTRACT(EPOCH FROM f.refused_at)) / 3600.0 AS hours
    FROM file f
    LEFT JOIN mended m ON m.intake_uid = f.intake_uid AND m.source_uid = f.source_uid
    UNION ALL
    SELECT t.partner, t.outcome, t.files, t.pages, 0 AS duplicate, t.files AS refused,
           CASE WHEN m.mended_at IS NOT NULL THEN t.files ELSE 0 END AS mended,
           (EXTRACT(EPOCH FROM m.mended_at) - EXTRACT(EPOCH FROM t.refused_at)) / 3600.0 AS hours
    FROM turned_back t
    LEFT JOIN mended_outside m ON m.event_uid = t.event_uid
),
totals AS (
    SELECT partner, outcome, coalesce(sum(files), 0) AS files, sum(pages) AS pages, sum(refused) AS refused,
           coalesce(sum(mended), 0) AS mended, avg(hours) AS mean_hours_to_mend, sum(duplicate) AS duplicates
    FROM judged
    GROUP BY GROUPING SETS ((partner, outcome), (partner), ())
),
office AS (
    SELECT code, min(name) AS name
    FROM agencies
    CROSS JOIN span p
    WHERE coalesce(valid_from <= p.today, true) AND coalesce(p.today < valid_to, true)
    GROUP BY code
),
answer AS (
    SELECT coalesce(t.partner, 'total') AS partner,
           CASE WHEN t.partner IS NOT NULL THEN o.name END AS partner_name,
           coalesce(t.outcome, 'total') AS outcome,
           CAST(t.files AS BIGINT) AS files,
           CAST(t.pages AS BIGINT) AS pages,
           CAST(t.refused AS BIGINT) AS refused,
           100.0 * t.refused / NULLIF(t.files, 0) AS refused_percent,
           CAST(t.mended AS BIGINT) AS mended, t.mean_hours_to_mend,
           CAST(t.duplicates AS BIGINT) AS duplicates,
           100.0 * t.duplicates / NULLIF(t.files, 0) AS duplicate_percent,
           CASE WHEN t.files = 0 AND n.files > 0 THEN concat('no data: missing channel of ', n.files, ' files')
                WHEN t.files = 0 THEN 'no data: missing received events for the period'
                WHEN t.partner IS NULL AND n.files > 0 THEN concat('without ', n.files, ' files of unknown channel')
                WHEN t.partner = 'unknown' AND t.outcome IS NULL THEN 'nothing of their dossiers says whose they are'
           END AS note
    FROM totals t
    CROSS JOIN nowhere n
    LEFT JOIN office o ON o.code = t.partner
)
SELECT * FROM answer
ORDER BY partner = 'total', partner, outcome = 'total', outcome
