-- What became of mutations that were sent under a key, so that sending one again changes nothing.
-- +goose Up

create table idempotency_key (
  org_id uuid not null constraint idempotency_key_org_fkey references org (id),
  actor_id uuid not null,
  key text not null constraint idempotency_key_length check (length(key) between 1 and 300),
  request_hash bytea not null,
  entity_id uuid,
  errors jsonb,
  created_at timestamptz not null,
  constraint idempotency_key_pkey primary key (org_id, actor_id, key)
);
comment on column idempotency_key.actor_id is 'The user or service token that sent it: keys of different actors never meet.';
create index idempotency_key_created_idx on idempotency_key (org_id, created_at);

select guard_org_table('idempotency_key');
grant select, insert, update, delete on idempotency_key to entente_app;
