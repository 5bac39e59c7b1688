-- Dossiers of the case system, held against what was scanned of each. Inputs: dossiers, documents.
--
-- `documents_differ` and `pages_differ` speak only of dossiers whose list says how many there should
-- be. Documents without a dossier's code are no part of this. What is issued with a document (a plan, a
-- list) counts with it: no document of its own, but its pages count.
with scanned as (
  select upper(dossier_code) as dossier_code, max(custodian_agency_code) as agency_code,
    sum(case when parent_document_uid is null then 1 else 0 end) as documents,
    sum(page_count) as pages
  from documents
  where dossier_code is not null and state = 'published'
  group by upper(dossier_code)
)
select coalesce(l.dossier_code, s.dossier_code) as dossier_code,
  coalesce(l.handling_agency_code, l.receiving_unit_code, s.agency_code) as agency_code,
  l.procedure_base, l.documents_expected, coalesce(s.documents, 0) as documents_scanned,
  l.pages_expected, coalesce(s.pages, 0) as pages_scanned, l.listed_at,
  case
    when l.dossier_code is null then 'not_listed'
    when s.dossier_code is null then 'not_scanned'
    when l.documents_expected is not null and s.documents <> l.documents_expected
      then 'documents_differ'
    when l.pages_expected is not null and s.pages <> l.pages_expected then 'pages_differ'
    else 'equal'
  end as verdict
from dossiers l
full join scanned s on s.dossier_code = l.dossier_code
