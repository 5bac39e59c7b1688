-- R9 Signature compliance: published documents that carry a valid signature of the agency, and
-- what is wrong with the others.
-- Source: domain §4.3 R9, faults Q01 to Q03 of §2.5, verdicts of §6.5.
-- Inputs: documents, signatures.
--
-- percent = 100 * signed / published, over documents first published within the period.
-- Each document is counted once: signed, or under the first that holds of altered, revoked,
-- expired (when it was signed), untrusted, wrong_agency, personal (Q02), other, unsigned (Q01).
-- public_ca (Q03) are those of the faulty ones that carry a signature of a public authority, and
-- test_key those of the signed ones whose only valid signature is by a throw-away key: neither is a
-- column of its own in the sum.
-- Signatures belong to the file of a document: all documents of one file share them.
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
seen AS (
    SELECT source_uid, version,
           bool_or(verdict = 'altered') AS altered,
           bool_or(verdict = 'revoked') AS revoked,
           bool_or(verdict = 'expired_at_signing') AS expired,
           bool_or(verdict = 'untrusted_chain') AS untrusted,
           bool_or(verdict = 'wrong_agency') AS wrong_agency,
           bool_or(verdict = 'wrong_subject_kind'
                   OR (verdict IN ('ok', 'ok_legacy_alg', 'indeterminate_revocation')
                       AND subject_kind <> 'organisation')) AS personal,
           bool_or(trust_domain = 'public_ca') AS public_ca,
           bool_and(trust_domain = 'test') FILTER (
               WHERE subject_kind = 'organisation'
                 AND verdict IN ('ok', 'ok_legacy_alg', 'indeterminate_revocation')) AS test_key
    FROM signatures
    WHERE role <> 'timestamp_doc'
    GROUP BY source_uid, version
),
judged AS (
    SELECT d.level, d.agency, d.agency_name, s.public_ca, s.test_key,
           CASE WHEN d.signature_state = 'ok' THEN 'signed'
                WHEN s.source_uid IS NULL THEN 'unsigned'
                WHEN s.altered THEN 'altered'
                WHEN s.revoked THEN 'revoked'
                WHEN s.expired THEN 'expired'
                WHEN s.untrusted THEN 'untrusted'
                WHEN s.wrong_agency THEN 'wrong_agency'
                WHEN s.personal THEN 'personal'
                ELSE 'other' END AS answer
    FROM published d
    LEFT JOIN seen s ON s.source_uid = d.source_uid AND s.version = d.version
    WHERE d.in_period
),
totals AS (
    SELECT level, agency, max(agency_name) AS agency_name, count(*) AS published,
           count(*) FILTER (WHERE answer = 'signed') AS signed,
           count(*) FILTER (WHERE answer = 'unsigned') AS unsigned,
           count(*) FILTER (WHERE answer = 'personal') AS personal,
           count(*) FILTER (WHERE answer <> 'signed' AND public_ca) AS public_ca,
           count(*) FILTER (WHERE answer = 'expired') AS expired,
           count(*) FILTER (WHERE answer = 'revoked') AS revoked,
           count(*) FILTER (WHERE answer = 'altered') AS altered,
           count(*) FILTER (WHERE answer = 'untrusted') AS untrusted,
           count(*) FILTER (WHERE answer = 'wrong_agency') AS wrong_agency,
           count(*) FILTER (WHERE answer = 'other') AS other,
           count(*) FILTER (WHERE answer = 'signed' AND test_key) AS test_key
    FROM judged
    GROUP BY GROUPING SETS ((level, agency), (level), ())
),
answer AS (
    SELECT coalesce(t.level, 'total') AS level,
           coalesce(t.agency, 'total') AS agency,
           CASE WHEN t.agency IS NOT NULL THEN t.agency_name END AS agency_name,
           t.published, t.signed,
           100.0 * t.signed / NULLIF(t.published, 0) AS percent,
           t.unsigned, t.personal, t.public_ca, t.expired, t.revoked, t.altered, t.untrusted,
           t.wrong_agency, t.other, t.test_key,
           p.level_at,
           CASE WHEN t.published = 0 THEN 'no data: missing documents for the period'
                WHEN t.test_key > 0 THEN concat(t.test_key, ' by a test key: not legal signatures') END AS note
    FROM totals t
    CROSS JOIN span p
)
SELECT * FROM answer
ORDER BY CASE level WHEN 'central' THEN 1 WHEN 'province' THEN 2 WHEN 'district' THEN 3 WHEN 'commune' THEN 4
              WHEN 'unknown' THEN 5 ELSE 6 END,
         agency = 'total', agency
