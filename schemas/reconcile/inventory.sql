-- What agencies counted, held against what was scanned: one row an agency, procedure and span of
-- years. Inputs: inventory, documents, agency_keys.
--
-- Results are counted (`doc_role` result, or unknown; older rows say other where nobody said), not the components of a
-- dossier. A scan belongs to the most exact count that covers it: of its procedure before one of all
-- procedures, of fewer years before one of more. Kinds of result are added up: documents do not carry
-- the code. Without an inventory everything is `not_counted`. Older rows have a procedure's code alone,
-- whose first eight characters are the nation's.
with agency as (
  select key, agency_uid,
    row_number() over (
      partition by key
      order by case when valid_to is null then 0 else 1 end, valid_from desc
    ) as nth
  from agency_keys
  where kind = 'code' and not ambiguous
),
counted as (
  select agency_code, coalesce(agency_uid, agency_code) as agency, procedure_base,
    year_from, year_to, sum(valid_paper_count) as papers, sum(page_count) as pages,
    max(counted_at) as counted_at
  from inventory
  group by agency_code, agency_uid, procedure_base, year_from, year_to
),
scanned as (
  select coalesce(a.agency_uid, d.custodian_agency_code) as agency,
    d.custodian_agency_code as agency_code,
    coalesce(d.procedure_base, substr(d.procedure_code, 1, 8)) as procedure_base,
    d.document_year, count(*) as papers, sum(d.page_count) as pages
  from documents d
  left join agency a on a.key = d.custodian_agency_code and a.nth = 1
  where d.doc_role in ('result', 'other', 'unknown')
  group by coalesce(a.agency_uid, d.custodian_agency_code), d.custodian_agency_code,
    coalesce(d.procedure_base, substr(d.procedure_code, 1, 8)), d.document_year
),
paired as (
  select s.agency_code, s.procedure_base, s.document_year, s.papers, s.pages,
    c.agency_code as counted_by, c.procedure_base as counted_procedure, c.year_from, c.year_to,
    row_number() over (
      partition by s.agency_code, s.procedure_base, s.document_year
      order by case when c.procedure_base is null then 1 else 0 end,
        coalesce(c.year_to - c.year_from, 9999)
    ) as nth
  from scanned s
  left join counted c on c.agency = s.agency
    and (c.procedure_base is null or c.procedure_base = s.procedure_base)
    and (
      (c.year_to is null and s.document_year is null)
      or (s.document_year <= c.year_to and s.document_year >= coalesce(c.year_from, 0))
    )
),
covered as (
  select counted_by, coalesce(counted_procedure, '') as procedure_base,
    coalesce(year_from, 0) as year_from, coalesce(year_to, 0) as year_to,
    sum(papers) as papers, sum(pages) as pages
  from paired
  where nth = 1 and counted_by is not null
  group by counted_by, coalesce(counted_procedure, ''), coalesce(year_from, 0),
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
left join covered s on s.counted_by = c.agency_code
  and s.procedure_base = coalesce(c.procedure_base, '')
  and s.year_from = coalesce(c.year_from, 0) and s.year_to = coalesce(c.year_to, 0)
union all
select agency_code, procedure_base, document_year as year_from, document_year as year_to,
  cast(null as bigint) as counted, papers as scanned, papers as difference,
  cast(null as bigint) as pages_counted, pages as pages_scanned,
  cast(null as date) as counted_at, 'not_counted' as verdict
from paired
where nth = 1 and counted_by is null
