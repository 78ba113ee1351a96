-- M1: a deal moves to another stage; what it was is kept as a version and a visit, and the change is told to the outbox and
-- the audit log. All in one transaction.
\set n random(0, {moving} - 1)
begin;
select d.id, d.stage_id, d.version
  from deal d
 where d.org_id = '{org}'
   and d.id = (select deal from bench_move where client = :client_id and n = :n)
   for update;
with closed as (
  update deal_version
     set valid_to = now()
   where org_id = '{org}'
     and id = (select deal from bench_move where client = :client_id and n = :n)
     and valid_to = 'infinity'
), left_stage as (
  update stage_visit
     set left_at = now()
   where org_id = '{org}'
     and deal_id = (select deal from bench_move where client = :client_id and n = :n)
     and left_at is null
)
update deal
   set stage_id = case stage_id when '{from}' then '{to}'::uuid else '{from}'::uuid end,
       probability = 0.5, version = version + 1, updated_at = now()
 where org_id = '{org}'
   and id = (select deal from bench_move where client = :client_id and n = :n);
insert into deal_version (org_id, id, version, valid_from, changed_by, client, name, type, account_id, owner_id, team_id,
       territory_id, pipeline_id, stage_id, stage_kind, amount, currency, recurring_amount, close_date, closed_at,
       forecast_category, probability, next_step, created_at, updated_at)
select org_id, id, version, updated_at, owner_id, 'pgbench', name, type, account_id, owner_id, team_id,
       territory_id, pipeline_id, stage_id, stage_kind, amount, currency, recurring_amount, close_date, closed_at,
       forecast_category, probability, next_step, created_at, updated_at
  from deal
 where org_id = '{org}'
   and id = (select deal from bench_move where client = :client_id and n = :n);
with told as (
  insert into event (org_id, id, entity, entity_id, version, action, changed, before, after, user_id, client, occurred_at)
  select d.org_id, gen_random_uuid(), 'deal', d.id, d.version, 'UPDATED', '{stage,probability}', '{"stage": "a", "probability": "0.1"}',
         '{"stage": "b", "probability": "0.5"}', d.owner_id, 'pgbench', d.updated_at
    from deal d
   where d.org_id = '{org}'
     and d.id = (select deal from bench_move where client = :client_id and n = :n)
), recorded as (
  insert into audit_log (org_id, id, kind, entity, entity_id, version, before, after, user_id, client, occurred_at)
  select d.org_id, gen_random_uuid(), 'UPDATED', 'deal', d.id, d.version, '{"stage": "a", "probability": "0.1"}',
         '{"stage": "b", "probability": "0.5"}', d.owner_id, 'pgbench', d.updated_at
    from deal d
   where d.org_id = '{org}'
     and d.id = (select deal from bench_move where client = :client_id and n = :n)
)
insert into stage_visit (org_id, deal_id, number, stage_id, entered_at, entered_by)
select d.org_id, d.id, (select max(number) + 1 from stage_visit v where v.org_id = d.org_id and v.deal_id = d.id),
       d.stage_id, d.updated_at, d.owner_id
  from deal d
 where d.org_id = '{org}'
   and d.id = (select deal from bench_move where client = :client_id and n = :n);
commit;
