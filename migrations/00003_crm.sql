-- Accounts, pipelines and deals with their versions.
-- +goose Up

create table account (
  org_id uuid not null constraint account_org_fkey references org (id),
  id uuid not null,
  name text not null constraint account_name_length check (length(btrim(name)) between 1 and 200),
  industry text,
  country text,
  website text,
  employees bigint constraint account_employees_positive check (employees >= 0),
  annual_revenue bigint,
  currency text not null constraint account_currency_form check (currency ~ '^[A-Z]{3}$'),
  parent_id uuid,
  owner_id uuid,
  csm_id uuid,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  employees_key bigint generated always as (coalesce(employees, 9223372036854775807)) stored,
  revenue_key bigint generated always as (coalesce(annual_revenue, 9223372036854775807)) stored,
  constraint account_pkey primary key (org_id, id),
  constraint account_parent_fkey foreign key (org_id, parent_id) references account (org_id, id),
  constraint account_owner_fkey foreign key (org_id, owner_id) references app_user (org_id, id),
  constraint account_csm_fkey foreign key (org_id, csm_id) references app_user (org_id, id),
  constraint account_not_own_parent check (parent_id <> id)
);
create index account_name_idx on account (org_id, name, id);
create index account_created_idx on account (org_id, created_at, id);
create index account_employees_idx on account (org_id, employees_key, id);
create index account_revenue_idx on account (org_id, revenue_key, id);
create index account_owner_idx on account (org_id, owner_id);
create index account_csm_idx on account (org_id, csm_id);

create table pipeline (
  org_id uuid not null constraint pipeline_org_fkey references org (id),
  id uuid not null,
  key text not null constraint pipeline_key_form check (key ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  name text not null constraint pipeline_name_length check (length(btrim(name)) between 1 and 200),
  position integer not null,
  created_at timestamptz not null,
  constraint pipeline_pkey primary key (org_id, id),
  constraint pipeline_key_unique unique (org_id, key)
);

create table stage (
  org_id uuid not null constraint stage_org_fkey references org (id),
  id uuid not null,
  pipeline_id uuid not null,
  key text not null constraint stage_key_form check (key ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  name text not null constraint stage_name_length check (length(btrim(name)) between 1 and 200),
  kind text not null constraint stage_kind_known check (kind in ('OPEN', 'WON', 'LOST')),
  position integer not null,
  probability numeric(5, 4) not null constraint stage_probability_share check (probability between 0 and 1),
  forecast_category text not null constraint stage_forecast_category_known check (forecast_category in
    ('OMITTED', 'PIPELINE', 'BEST_CASE', 'COMMIT', 'CLOSED')),
  cs_visible boolean not null default false,
  created_at timestamptz not null,
  constraint stage_pkey primary key (org_id, id),
  constraint stage_in_pipeline unique (org_id, pipeline_id, id),
  constraint stage_key_unique unique (org_id, pipeline_id, key),
  constraint stage_position_unique unique (org_id, pipeline_id, position) deferrable initially deferred,
  constraint stage_pipeline_fkey foreign key (org_id, pipeline_id) references pipeline (org_id, id)
);

create table deal (
  org_id uuid not null constraint deal_org_fkey references org (id),
  id uuid not null,
  name text not null constraint deal_name_length check (length(btrim(name)) between 1 and 300),
  type text not null constraint deal_type_known check (type in ('NEW', 'EXPANSION', 'RENEWAL')),
  account_id uuid,
  owner_id uuid not null,
  team_id uuid,
  territory_id uuid,
  pipeline_id uuid not null,
  stage_id uuid not null,
  stage_kind text not null constraint deal_stage_kind_known check (stage_kind in ('OPEN', 'WON', 'LOST')),
  amount bigint,
  currency text not null constraint deal_currency_form check (currency ~ '^[A-Z]{3}$'),
  recurring_amount bigint,
  close_date date,
  closed_at timestamptz,
  forecast_category text not null constraint deal_forecast_category_known check (forecast_category in
    ('OMITTED', 'PIPELINE', 'BEST_CASE', 'COMMIT', 'CLOSED')),
  probability numeric(5, 4) not null constraint deal_probability_share check (probability between 0 and 1),
  next_step text constraint deal_next_step_length check (length(next_step) <= 2000),
  version integer not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  amount_key bigint generated always as (coalesce(amount, 9223372036854775807)) stored,
  close_key date generated always as (coalesce(close_date, 'infinity'::date)) stored,
  constraint deal_pkey primary key (org_id, id),
  constraint deal_account_fkey foreign key (org_id, account_id) references account (org_id, id),
  constraint deal_owner_fkey foreign key (org_id, owner_id) references app_user (org_id, id),
  constraint deal_team_fkey foreign key (org_id, team_id) references team (org_id, id),
  constraint deal_territory_fkey foreign key (org_id, territory_id) references territory (org_id, id),
  constraint deal_stage_fkey foreign key (org_id, pipeline_id, stage_id) references stage (org_id, pipeline_id, id),
  constraint deal_closed_when_closed check ((stage_kind = 'OPEN') = (closed_at is null))
);
comment on column deal.amount_key is 'Sorts the amount; unknown comes last.';
comment on column deal.close_key is 'Sorts the close date; unknown comes last.';
create index deal_close_idx on deal (org_id, close_key, id);
create index deal_amount_idx on deal (org_id, amount_key, id);
create index deal_created_idx on deal (org_id, created_at, id);
create index deal_updated_idx on deal (org_id, updated_at, id);
create index deal_name_idx on deal (org_id, name, id);
create index deal_open_close_idx on deal (org_id, stage_kind, close_key, id);
create index deal_owner_idx on deal (org_id, owner_id, close_key, id);
create index deal_team_idx on deal (org_id, team_id, close_key, id);
create index deal_territory_idx on deal (org_id, territory_id, close_key, id);
create index deal_account_idx on deal (org_id, account_id, close_key, id);
create index deal_stage_idx on deal (org_id, stage_id, close_key, id);

-- A deal as it was from valid_from until valid_to; the newest is open-ended and equals the deal. The columns bear the
-- deal's names, so that a list as of a moment is the same statement over this table.
create table deal_version (
  org_id uuid not null constraint deal_version_org_fkey references org (id),
  id uuid not null,
  version integer not null,
  valid_from timestamptz not null,
  valid_to timestamptz not null default 'infinity',
  changed_by uuid,
  changed_by_token uuid,
  client text,
  history boolean not null default false,
  name text not null,
  type text not null,
  account_id uuid,
  owner_id uuid not null,
  team_id uuid,
  territory_id uuid,
  pipeline_id uuid not null,
  stage_id uuid not null,
  stage_kind text not null,
  amount bigint,
  currency text not null,
  recurring_amount bigint,
  close_date date,
  closed_at timestamptz,
  forecast_category text not null,
  probability numeric(5, 4) not null,
  next_step text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  amount_key bigint generated always as (coalesce(amount, 9223372036854775807)) stored,
  close_key date generated always as (coalesce(close_date, 'infinity'::date)) stored,
  constraint deal_version_pkey primary key (org_id, id, version),
  constraint deal_version_deal_fkey foreign key (org_id, id) references deal (org_id, id),
  constraint deal_version_user_fkey foreign key (org_id, changed_by) references app_user (org_id, id),
  constraint deal_version_token_fkey foreign key (org_id, changed_by_token) references service_token (org_id, id),
  constraint deal_version_order check (valid_from < valid_to)
);
comment on column deal_version.history is 'Written by an import of the past: exempt from gates, no event.';
create unique index deal_version_current_idx on deal_version (org_id, id) where valid_to = 'infinity';
create index deal_version_time_idx on deal_version (org_id, valid_from, valid_to);

-- The stages a deal was in, one row a visit; derived from the versions in the transaction that writes them.
create table stage_visit (
  org_id uuid not null constraint stage_visit_org_fkey references org (id),
  deal_id uuid not null,
  number integer not null,
  stage_id uuid not null,
  entered_at timestamptz not null,
  left_at timestamptz,
  entered_by uuid,
  history boolean not null default false,
  constraint stage_visit_pkey primary key (org_id, deal_id, number),
  constraint stage_visit_deal_fkey foreign key (org_id, deal_id) references deal (org_id, id),
  constraint stage_visit_stage_fkey foreign key (org_id, stage_id) references stage (org_id, id),
  constraint stage_visit_user_fkey foreign key (org_id, entered_by) references app_user (org_id, id),
  constraint stage_visit_order check (entered_at < left_at)
);

select guard_org_table(t) from unnest(array[
  'account', 'pipeline', 'stage', 'deal', 'deal_version', 'stage_visit']::regclass[]) t;
select watch_reference_table(t) from unnest(array['pipeline', 'stage']::regclass[]) t;

grant select, insert, update on account, pipeline, stage, deal to entente_app;
grant select, insert on deal_version, stage_visit to entente_app;
grant update (valid_to) on deal_version to entente_app;
grant update (left_at) on stage_visit to entente_app;
