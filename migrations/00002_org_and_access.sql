-- Orgs, their people, teams and territories, and who may do what.
-- +goose Up

create table org (
  id uuid constraint org_pkey primary key,
  key text not null
    constraint org_key_unique unique
    constraint org_key_form check (key ~ '^[a-z][a-z0-9-]{1,62}$'),
  name text not null constraint org_name_length check (length(btrim(name)) between 1 and 200),
  currency text not null constraint org_currency_form check (currency ~ '^[A-Z]{3}$'),
  time_zone text not null,
  fiscal_year_start_month smallint not null default 1
    constraint org_fiscal_month check (fiscal_year_start_month between 1 and 12),
  reference_version bigint not null default 1,
  created_at timestamptz not null
);
comment on column org.reference_version is
  'Grows with every change of small tables that servers hold in memory; every transaction asks for it as it opens.';

-- Read across orgs, before the org is known: the name an operator types, and the hash of a bearer token.
create table org_lookup (
  key text constraint org_lookup_pkey primary key,
  org_id uuid not null constraint org_lookup_org_fkey references org (id)
);
create table token_lookup (
  hash bytea constraint token_lookup_pkey primary key,
  org_id uuid not null constraint token_lookup_org_fkey references org (id),
  token_id uuid not null
);

create table app_user (
  org_id uuid not null constraint app_user_org_fkey references org (id),
  id uuid not null,
  name text not null constraint app_user_name_length check (length(btrim(name)) between 1 and 200),
  email text
    constraint app_user_email_form check (email = lower(email) and email ~ '^[^@\s]+@[^@\s]+$'),
  title text,
  active boolean not null default true,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint app_user_pkey primary key (org_id, id),
  constraint app_user_email_unique unique (org_id, email)
);
create index app_user_name_idx on app_user (org_id, name, id);
create index app_user_created_idx on app_user (org_id, created_at, id);

create table team (
  org_id uuid not null constraint team_org_fkey references org (id),
  id uuid not null,
  name text not null constraint team_name_length check (length(btrim(name)) between 1 and 200),
  parent_id uuid,
  manager_id uuid,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint team_pkey primary key (org_id, id),
  constraint team_name_unique unique nulls not distinct (org_id, parent_id, name),
  constraint team_parent_fkey foreign key (org_id, parent_id) references team (org_id, id),
  constraint team_manager_fkey foreign key (org_id, manager_id) references app_user (org_id, id),
  constraint team_not_own_parent check (parent_id <> id)
);
create index team_name_idx on team (org_id, name, id);
create index team_manager_idx on team (org_id, manager_id);

-- Which team a person is in and whom they report to, from when to when. A move closes one row and opens the next.
create table reporting_line (
  org_id uuid not null constraint reporting_line_org_fkey references org (id),
  user_id uuid not null,
  team_id uuid not null,
  manager_id uuid,
  valid_from timestamptz not null,
  valid_to timestamptz not null default 'infinity',
  constraint reporting_line_pkey primary key (org_id, user_id, valid_from),
  constraint reporting_line_user_fkey foreign key (org_id, user_id) references app_user (org_id, id),
  constraint reporting_line_team_fkey foreign key (org_id, team_id) references team (org_id, id),
  constraint reporting_line_manager_fkey foreign key (org_id, manager_id) references app_user (org_id, id),
  constraint reporting_line_order check (valid_from < valid_to),
  constraint reporting_line_not_own_manager check (manager_id <> user_id),
  constraint reporting_line_one_at_a_time
    exclude using gist (org_id with =, user_id with =, tstzrange(valid_from, valid_to) with &&)
);
create index reporting_line_team_idx on reporting_line (org_id, team_id);

create table territory (
  org_id uuid not null constraint territory_org_fkey references org (id),
  id uuid not null,
  key text not null constraint territory_key_form check (key ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  name text not null constraint territory_name_length check (length(btrim(name)) between 1 and 200),
  parent_id uuid,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint territory_pkey primary key (org_id, id),
  constraint territory_key_unique unique (org_id, key),
  constraint territory_parent_fkey foreign key (org_id, parent_id) references territory (org_id, id),
  constraint territory_not_own_parent check (parent_id <> id)
);
create index territory_name_idx on territory (org_id, name, id);

create table territory_assignment (
  org_id uuid not null constraint territory_assignment_org_fkey references org (id),
  territory_id uuid not null,
  user_id uuid not null,
  valid_from timestamptz not null,
  valid_to timestamptz not null default 'infinity',
  constraint territory_assignment_pkey primary key (org_id, territory_id, user_id, valid_from),
  constraint territory_assignment_territory_fkey foreign key (org_id, territory_id) references territory (org_id, id),
  constraint territory_assignment_user_fkey foreign key (org_id, user_id) references app_user (org_id, id),
  constraint territory_assignment_order check (valid_from < valid_to),
  constraint territory_assignment_once_at_a_time
    exclude using gist (org_id with =, territory_id with =, user_id with =, tstzrange(valid_from, valid_to) with &&)
);
create index territory_assignment_user_idx on territory_assignment (org_id, user_id);

create table access_policy (
  org_id uuid not null constraint access_policy_org_fkey references org (id),
  role text not null constraint access_policy_role_known check (role in
    ('SALES', 'SALES_MANAGER', 'OPS', 'CS', 'LEADERSHIP', 'FINANCE', 'ADMIN', 'INTEGRATION')),
  object text not null,
  action text not null,
  reach text not null constraint access_policy_reach_known check (reach in
    ('own', 'credited', 'team', 'territory', 'customers', 'won', 'cs_visible', 'all')),
  constraint access_policy_pkey primary key (org_id, role, object, action, reach)
);

create table role_grant (
  org_id uuid not null constraint role_grant_org_fkey references org (id),
  user_id uuid not null,
  role text not null constraint role_grant_role_known check (role in
    ('SALES', 'SALES_MANAGER', 'OPS', 'CS', 'LEADERSHIP', 'FINANCE', 'ADMIN')),
  granted_at timestamptz not null,
  granted_by uuid,
  constraint role_grant_pkey primary key (org_id, user_id, role),
  constraint role_grant_user_fkey foreign key (org_id, user_id) references app_user (org_id, id)
);

-- A bearer token, of an integration or, in demo mode, of a person. The token itself is never stored.
create table service_token (
  org_id uuid not null constraint service_token_org_fkey references org (id),
  id uuid not null,
  name text not null constraint service_token_name_length check (length(btrim(name)) between 1 and 200),
  roles text[] not null,
  user_id uuid,
  demo boolean not null default false,
  expires_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz not null,
  created_by uuid,
  constraint service_token_pkey primary key (org_id, id),
  constraint service_token_user_fkey foreign key (org_id, user_id) references app_user (org_id, id),
  constraint service_token_roles_known check (roles <@ array
    ['SALES', 'SALES_MANAGER', 'OPS', 'CS', 'LEADERSHIP', 'FINANCE', 'ADMIN', 'INTEGRATION']),
  constraint service_token_person_is_demo check (user_id is null or demo)
);
create table token_allow (
  org_id uuid not null constraint token_allow_org_fkey references org (id),
  token_id uuid not null,
  object text not null,
  action text not null,
  reach text not null constraint token_allow_reach_known check (reach in
    ('own', 'credited', 'team', 'territory', 'customers', 'won', 'cs_visible', 'all')),
  constraint token_allow_pkey primary key (org_id, token_id, object, action, reach),
  constraint token_allow_token_fkey foreign key (org_id, token_id) references service_token (org_id, id)
);

-- Ids that other systems gave to our records.
create table external_id (
  org_id uuid not null constraint external_id_org_fkey references org (id),
  entity text not null constraint external_id_entity_known check (entity in
    ('user', 'team', 'territory', 'account', 'deal')),
  system text not null constraint external_id_system_form check (system ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  external_id text not null constraint external_id_length check (length(external_id) between 1 and 500),
  entity_id uuid not null,
  constraint external_id_pkey primary key (org_id, entity, system, external_id)
);
create index external_id_entity_idx on external_id (org_id, entity, entity_id);

-- Security invoker: the update passes the same row level security as the change that caused it.
-- +goose StatementBegin
create function bump_reference_version() returns trigger
  language plpgsql as $$
begin
  update org
     set reference_version = reference_version + 1
   where id = nullif(current_setting('entente.org_id', true), '')::uuid;
  return null;
end $$;

-- Row level security for a table with an org: enabled, forced, and shut to a connection that names no org.
create function guard_org_table(tbl regclass, org_column text default 'org_id') returns void
  language plpgsql as $$
begin
  execute format('alter table %s enable row level security', tbl);
  execute format('alter table %s force row level security', tbl);
  execute format(
    'create policy org_boundary on %1$s to entente_app, entente_owner
       using (%2$I = nullif(current_setting(''entente.org_id'', true), '''')::uuid)
       with check (%2$I = nullif(current_setting(''entente.org_id'', true), '''')::uuid)',
    tbl, org_column);
end $$;

create function watch_reference_table(tbl regclass) returns void
  language plpgsql as $$
begin
  execute format(
    'create trigger reference_changed after insert or update or delete on %s
       for each statement execute function bump_reference_version()', tbl);
end $$;
-- +goose StatementEnd

select guard_org_table('org', 'id');
select guard_org_table(t) from unnest(array[
  'app_user', 'team', 'reporting_line', 'territory', 'territory_assignment', 'access_policy', 'role_grant',
  'service_token', 'token_allow', 'external_id']::regclass[]) t;
select watch_reference_table(t) from unnest(array[
  'app_user', 'team', 'reporting_line', 'territory', 'territory_assignment', 'access_policy', 'role_grant',
  'service_token', 'token_allow']::regclass[]) t;

grant select, insert on org, org_lookup, token_lookup to entente_app;
grant update (name, currency, time_zone, fiscal_year_start_month, reference_version) on org to entente_app;
grant delete on token_lookup to entente_app;
grant select, insert, update on app_user, team, reporting_line, territory, territory_assignment, service_token to entente_app;
grant select, insert, delete on access_policy, role_grant, token_allow, external_id to entente_app;
grant update (entity_id) on external_id to entente_app;
