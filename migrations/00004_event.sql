-- What happened: the outbox of changes, and the audit log with its chain of hashes.
-- +goose Up

-- One row per changed record and transaction, written with the change. Sequence order is not commit order, so readers
-- take only rows whose transaction lies below every one still running, in the order of (xid, seq). No foreign keys: each
-- would lock a row of its own with every write, and what happened stays true of a record that is gone.
create table event (
  org_id uuid not null,
  id uuid not null,
  xid xid8 not null default pg_current_xact_id(),
  seq bigint not null generated always as identity,
  entity text not null,
  entity_id uuid not null,
  version integer not null,
  action text not null constraint event_action_known check (action in ('CREATED', 'UPDATED', 'DELETED')),
  changed text[] not null,
  before jsonb,
  after jsonb,
  user_id uuid,
  token_id uuid,
  client text,
  request_id text,
  occurred_at timestamptz not null,
  constraint event_pkey primary key (org_id, id)
);
create index event_order_idx on event (org_id, xid, seq);
comment on table event is 'Kept for 30 days; servers delete older rows.';

-- Who did what. Rows are written with what they tell of and never change: personal values are digests here and stand in
-- audit_personal, which can be erased.
create table audit_log (
  org_id uuid not null,
  xid xid8 not null default pg_current_xact_id(),
  id uuid not null,
  kind text not null constraint audit_log_kind_known check (kind in
    ('CREATED', 'UPDATED', 'DELETED', 'IMPORTED', 'EXPORTED', 'SIGNED_IN', 'TOKEN_USED', 'POLICY_CHANGED', 'DENIED')),
  entity text,
  entity_id uuid,
  version integer,
  user_id uuid,
  token_id uuid,
  client text,
  request_id text,
  detail text,
  before jsonb,
  after jsonb,
  occurred_at timestamptz not null,
  constraint audit_log_pkey primary key (org_id, xid, id)
);
create index audit_log_occurred_idx on audit_log (org_id, occurred_at, id);
create index audit_log_entity_idx on audit_log (org_id, entity_id, occurred_at) where entity_id is not null;

create table audit_personal (
  org_id uuid not null,
  id uuid not null,
  salt bytea not null,
  before jsonb not null,
  after jsonb not null,
  constraint audit_personal_pkey primary key (org_id, id)
);
comment on table audit_personal is
  'The personal values behind the digests in audit_log, each as the text of its JSON. Erasing a row leaves the chain whole.';

-- The chain: each row's hash is over the one before it and the row that it seals.
create table audit_seal (
  org_id uuid not null,
  number bigint not null,
  audit_xid xid8 not null,
  audit_id uuid not null,
  hash bytea not null,
  constraint audit_seal_pkey primary key (org_id, number),
  constraint audit_seal_once unique (org_id, audit_xid, audit_id)
);

-- Where the chain of an org ends, and up to where rows are sealed: all at or before (xid, id) in their order. Its row
-- lock makes one sealer at a time.
create table audit_head (
  org_id uuid not null constraint audit_head_pkey primary key,
  number bigint not null,
  hash bytea not null,
  xid xid8 not null,
  id uuid not null
);

-- +goose StatementBegin
create function refuse_change() returns trigger
  language plpgsql as $$
begin
  raise exception 'rows of % are never changed', tg_table_name using errcode = 'restrict_violation';
end $$;
-- +goose StatementEnd

create trigger never_changed before update or delete or truncate on audit_log
  for each statement execute function refuse_change();
create trigger never_changed before update or delete or truncate on audit_seal
  for each statement execute function refuse_change();

select guard_org_table(t) from unnest(array[
  'event', 'audit_log', 'audit_personal', 'audit_seal', 'audit_head']::regclass[]) t;

grant select, insert, delete on event, audit_personal to entente_app;
grant select, insert on audit_log, audit_seal to entente_app;
grant select, insert, update on audit_head to entente_app;
