-- When tokens were last used, and what tokens are listed by; moves of people that have not begun can be called off.
-- +goose Up

-- Not watched as reference data: it changes with use, and nothing is decided by it.
create table token_use (
  org_id uuid not null constraint token_use_org_fkey references org (id),
  token_id uuid not null,
  used_at timestamptz not null,
  constraint token_use_pkey primary key (org_id, token_id),
  constraint token_use_token_fkey foreign key (org_id, token_id) references service_token (org_id, id)
);
select guard_org_table('token_use');
grant select, insert, update on token_use to entente_app;

-- An org has few tokens, so building the indexes blocks writes for a moment only.
-- squawk-ignore require-concurrent-index-creation
create index service_token_name_idx on service_token (org_id, name, id);
-- squawk-ignore require-concurrent-index-creation
create index service_token_created_idx on service_token (org_id, created_at, id);

-- A row that lies wholly ahead is replaced rather than closed; one that has begun is never deleted.
grant delete on reporting_line, territory_assignment to entente_app;
