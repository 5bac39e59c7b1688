-- R15 Duplicates and skips: what came twice, and what is out of scope.
-- Source: domain §4.3 R15; what is not digitised: Circular 01/2023 Article 4 (§6.2), codes S01 to S06.
-- Inputs: intake, documents.
--
-- percent = 100 * count / of, over files received, and documents first published, in the period.
-- `intake` is what the events of receiving and refusing come to: one row a file, with what became of it,
-- so that a file that was refused and is published by now is not counted as left out.
-- file, same bytes: the dossier had this file already; kept once, counted in its receipt.
-- document, same bytes: the same pages of a file that was published before it in another dossier; where
-- they have a number, it is under `same number` as well.
-- document, same number: the same number, notation, agency and date as a document published before
-- it, in this period or earlier. `not comparable`: one of the four could not be read.
-- file, a code: refused because the paper is not to be digitised.
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
file AS (
    SELECT i.duplicate_of, i.outcome, i.code
    FROM intake i
    CROSS JOIN span p
    WHERE i.received_at >= p.from_at AND i.received_at < p.until_at
      AND (p.province IS NULL OR i.province = p.province)
),
document AS (
    SELECT d.first_seen_at >= p.from_at AS in_period,
           row_number() OVER (
               PARTITION BY coalesce(NULLIF(array_to_string(d.sha256_source_list, ','), ''), d.document_uid), d.page_from
               ORDER BY d.first_seen_at, d.document_uid) AS nth_of_bytes,
           CASE WHEN d.code_number IS NOT NULL AND d.code_notation IS NOT NULL
                     AND d.organ_name IS NOT NULL AND d.issued_date IS NOT NULL THEN
               row_number() OVER (
                   PARTITION BY d.code_number, upper(d.code_notation), lower(d.organ_name), d.issued_date
                   ORDER BY d.first_seen_at, d.document_uid) END AS nth
    FROM documents d
    CROSS JOIN span p
    WHERE d.state = 'published' AND d.first_seen_at < p.until_at AND d.parent_document_uid IS NULL
      AND (p.province IS NULL OR d.province = p.province)
),
files AS (SELECT count(*) AS n FROM file),
documents_in_period AS (SELECT count(*) AS n, count(nth) AS comparable FROM document WHERE in_period),
counted AS (
    SELECT 1 AS place, 'file' AS kind, 'same bytes' AS reason,
           (SELECT count(*) FROM file WHERE duplicate_of IS NOT NULL) AS n, (SELECT n FROM files) AS of_all
    UNION ALL
    SELECT 2, 'document', 'same bytes',
           (SELECT count(*) FROM document WHERE in_period AND nth_of_bytes > 1),
           (SELECT n FROM documents_in_period)
    UNION ALL
    SELECT 3, 'document', 'same number',
           (SELECT count(*) FROM document WHERE in_period AND nth > 1),
           (SELECT comparable FROM documents_in_period)
    UNION ALL
    SELECT 4, 'document', 'not comparable',
           (SELECT n - comparable FROM documents_in_period), (SELECT n FROM documents_in_period)
    UNION ALL
    SELECT 5, 'file', code, count(*), (SELECT n FROM files)
    FROM file
    WHERE outcome = 'quarantined' AND starts_with(code, 'S0')
    GROUP BY code
)
SELECT kind, reason, n AS "count", of_all AS "of",
       100.0 * n / NULLIF(of_all, 0) AS percent,
       CASE WHEN of_all = 0 THEN concat('no data: missing ', CASE kind WHEN 'file' THEN 'intake' ELSE 'documents' END, ' for the period')
       END AS note
FROM counted
ORDER BY place, reason
