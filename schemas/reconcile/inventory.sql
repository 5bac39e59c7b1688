-- What agencies counted, held against what was scanned: one row an agency, procedure and span of
-- years. Inputs: inventory, documents, agency_keys.
--
-- Papers are counted as R1 counts them: published results (`doc_role` result, or unknown; older rows say
-- other where nobody said), not the components of a dossier. A plan or list issued with a decision counts
-- with its decision, and its pages with the decision's; a paper that an agency has in several dossiers
-- counts once. A scan belongs to the most exact count that covers it: of its procedure before one of all
-- procedures, of fewer years before one of more. A count of no year is of all papers of its agency where
-- that has no other, else of those whose year nobody knows. Kinds of result are added up: documents do
-- not carry the code. Without an inventory everything is `not_counted`. Older rows have a procedure's
-- code alone, whose first eight characters are the nation's.
with
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
counted as (
  select agency_code, coalesce(agency_uid, agency_code) as agency, procedure_base,
    year_from, year_to, sum(valid_paper_count) as papers, sum(page_count) as pages,
    max(counted_at) as counted_at,
    max(year_to) over (partition by coalesce(agency_uid, agency_code)) is null as undated
  from inventory
  group by agency_code, agency_uid, procedure_base, year_from, year_to
),
annexes as (
  select parent_document_uid, sum(page_count) as pages
  from documents
  where parent_document_uid is not null and state = 'published'
  group by parent_document_uid
),
paper as (
  select coalesce(a.agency_uid, d.custodian_agency_code) as agency,
    d.custodian_agency_code as agency_code,
    coalesce(d.procedure_base, substr(d.procedure_code, 1, 8)) as procedure_base,
    d.document_year, d.page_count + coalesce(x.pages, 0) as pages,
    row_number() over (
      partition by coalesce(a.agency_uid, d.custodian_agency_code),
        -- shared: same paper
        CASE WHEN d.code_number IS NOT NULL AND d.code_notation IS NOT NULL
                  AND d.organ_name IS NOT NULL AND d.issued_date IS NOT NULL
             THEN concat_ws('|', d.code_number, upper(d.code_notation), lower(d.organ_name),
                      CAST(d.issued_date AS VARCHAR))
             ELSE d.document_uid END
        -- end of shared
      order by case when d.doc_role = 'result' then 0 else 1 end, d.first_seen_at, d.document_uid
    ) as nth
  from documents d
  left join agency_of_code a on a.code = d.custodian_agency_code
    and coalesce(d.first_seen_at >= a.held_from, true)
    and coalesce(d.first_seen_at < a.held_until, true)
  left join annexes x on x.parent_document_uid = d.document_uid
  where d.state = 'published' and d.parent_document_uid is null
    -- shared: role
    AND (d.doc_role IN ('result', 'unknown')
         OR d.doc_role = 'other' AND d.partner_id IS NULL
            AND NOT coalesce(array_has(map_extract(d.field_source, 'doc_role'), 'amended'), false))
    -- end of shared
),
scanned as (
  select agency, agency_code, procedure_base, document_year, count(*) as papers, sum(pages) as pages
  from paper
  where nth = 1
  group by agency, agency_code, procedure_base, document_year
),
paired as (
  select s.agency_code, s.procedure_base, s.document_year, s.papers, s.pages,
    c.agency as counted_by, c.agency_code as counted_code, c.procedure_base as counted_procedure,
    c.year_from, c.year_to,
    row_number() over (
      partition by s.agency, s.agency_code, s.procedure_base, s.document_year
      order by case when c.procedure_base is null then 1 else 0 end,
        coalesce(c.year_to - c.year_from, 9999)
    ) as nth
  from scanned s
  left join counted c on c.agency = s.agency
    and (c.procedure_base is null or c.procedure_base = s.procedure_base)
    and (
      c.undated
      or (c.year_to is null and s.document_year is null)
      or (s.document_year <= c.year_to and s.document_year >= coalesce(c.year_from, 0))
    )
),
covered as (
  select counted_by, counted_code, coalesce(counted_procedure, '') as procedure_base,
    coalesce(year_from, 0) as year_from, coalesce(year_to, 0) as year_to,
    sum(papers) as papers, sum(pages) as pages
  from paired
  where nth = 1 and counted_by is not null
  group by counted_by, counted_code, coalesce(counted_procedure, ''), coalesce(year_from, 0),
    coalesce(year_to, 0)
)
select c.agency_code, c.procedure_base, c.year_from, c.year_to,
  c.papers as counted, coalesce(s.papers, 0) as scanned,
  coalesce(s.papers, 0) - c.papers as difference,
  c.pages as pages_counted, s.pages as pages_scanned, c.counted_at,
  case
    when s.papers is null then 'not_scanned'
    when s.papers < c.papers then 'partly_scanned'
    when s.papers > c.papers then 'more_than_counted'
    when c.pages is not null and s.pages <> c.pages then 'pages_differ'
    else 'equal'
  end as verdict
from counted c
left join covered s on s.counted_by = c.agency and s.counted_code = c.agency_code
  and s.procedure_base = coalesce(c.procedure_base, '')
  and s.year_from = coalesce(c.year_from, 0) and s.year_to = coalesce(c.year_to, 0)
union all
select agency_code, procedure_base, document_year as year_from, document_year as year_to,
  cast(null as bigint) as counted, papers as scanned, papers as difference,
  cast(null as bigint) as pages_counted, pages as pages_scanned,
  cast(null as date) as counted_at, 'not_counted' as verdict
from paired
where nth = 1 and counted_by is null
