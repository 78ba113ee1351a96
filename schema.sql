-- The database as the migrations leave it: for reading and for reviewing what a migration changes.
-- Written by "go test ./migrations -update".

CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;

COMMENT ON EXTENSION btree_gist IS 'support for indexing common datatypes in GiST';

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

COMMENT ON EXTENSION pg_trgm IS 'text similarity measurement and index searching based on trigrams';

CREATE FUNCTION public.bump_reference_version() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  update org
     set reference_version = reference_version + 1
   where id = nullif(current_setting('entente.org_id', true), '')::uuid;
  return null;
end $$;

CREATE FUNCTION public.guard_org_table(tbl regclass, org_column text DEFAULT 'org_id'::text) RETURNS void
    LANGUAGE plpgsql
    AS $_$
begin
  execute format('alter table %s enable row level security', tbl);
  execute format('alter table %s force row level security', tbl);
  execute format(
    'create policy org_boundary on %1$s to entente_app, entente_owner
       using (%2$I = nullif(current_setting(''entente.org_id'', true), '''')::uuid)
       with check (%2$I = nullif(current_setting(''entente.org_id'', true), '''')::uuid)',
    tbl, org_column);
end $_$;

CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  raise exception 'rows of % are never changed', tg_table_name using errcode = 'restrict_violation';
end $$;

CREATE FUNCTION public.watch_reference_table(tbl regclass) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  execute format(
    'create trigger reference_changed after insert or update or delete on %s
       for each statement execute function bump_reference_version()', tbl);
end $$;

CREATE TABLE public.access_policy (
    org_id uuid NOT NULL,
    role text NOT NULL,
    object text NOT NULL,
    action text NOT NULL,
    reach text NOT NULL,
    CONSTRAINT access_policy_reach_known CHECK ((reach = ANY (ARRAY['own'::text, 'credited'::text, 'team'::text, 'territory'::text, 'customers'::text, 'won'::text, 'cs_visible'::text, 'all'::text]))),
    CONSTRAINT access_policy_role_known CHECK ((role = ANY (ARRAY['SALES'::text, 'SALES_MANAGER'::text, 'OPS'::text, 'CS'::text, 'LEADERSHIP'::text, 'FINANCE'::text, 'ADMIN'::text, 'INTEGRATION'::text])))
);

ALTER TABLE ONLY public.access_policy FORCE ROW LEVEL SECURITY;

CREATE TABLE public.account (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    industry text,
    country text,
    website text,
    employees bigint,
    annual_revenue bigint,
    currency text NOT NULL,
    parent_id uuid,
    owner_id uuid,
    csm_id uuid,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    employees_key bigint GENERATED ALWAYS AS (COALESCE(employees, '9223372036854775807'::bigint)) STORED,
    revenue_key bigint GENERATED ALWAYS AS (COALESCE(annual_revenue, '9223372036854775807'::bigint)) STORED,
    CONSTRAINT account_currency_form CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT account_employees_positive CHECK ((employees >= 0)),
    CONSTRAINT account_name_length CHECK (((length(btrim(name)) >= 1) AND (length(btrim(name)) <= 200))),
    CONSTRAINT account_not_own_parent CHECK ((parent_id <> id))
);

ALTER TABLE ONLY public.account FORCE ROW LEVEL SECURITY;

CREATE TABLE public.app_user (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    email text,
    title text,
    active boolean DEFAULT true NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT app_user_email_form CHECK (((email = lower(email)) AND (email ~ '^[^@\s]+@[^@\s]+$'::text))),
    CONSTRAINT app_user_name_length CHECK (((length(btrim(name)) >= 1) AND (length(btrim(name)) <= 200)))
);

ALTER TABLE ONLY public.app_user FORCE ROW LEVEL SECURITY;

CREATE TABLE public.audit_head (
    org_id uuid NOT NULL,
    number bigint NOT NULL,
    hash bytea NOT NULL,
    xid xid8 NOT NULL,
    id uuid NOT NULL
);

ALTER TABLE ONLY public.audit_head FORCE ROW LEVEL SECURITY;

CREATE TABLE public.audit_log (
    org_id uuid NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
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
    occurred_at timestamp with time zone NOT NULL,
    CONSTRAINT audit_log_kind_known CHECK ((kind = ANY (ARRAY['CREATED'::text, 'UPDATED'::text, 'DELETED'::text, 'IMPORTED'::text, 'EXPORTED'::text, 'SIGNED_IN'::text, 'TOKEN_USED'::text, 'POLICY_CHANGED'::text, 'DENIED'::text])))
);

ALTER TABLE ONLY public.audit_log FORCE ROW LEVEL SECURITY;

CREATE TABLE public.audit_personal (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    salt bytea NOT NULL,
    before jsonb NOT NULL,
    after jsonb NOT NULL
);

ALTER TABLE ONLY public.audit_personal FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.audit_personal IS 'The personal values behind the digests in audit_log, each as the text of its JSON. Erasing a row leaves the chain whole.';

CREATE TABLE public.audit_seal (
    org_id uuid NOT NULL,
    number bigint NOT NULL,
    audit_xid xid8 NOT NULL,
    audit_id uuid NOT NULL,
    hash bytea NOT NULL
);

ALTER TABLE ONLY public.audit_seal FORCE ROW LEVEL SECURITY;

CREATE TABLE public.contact (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    email text,
    phone text,
    title text,
    account_id uuid,
    owner_id uuid,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT contact_email_form CHECK (((email = lower(email)) AND (email ~ '^[^@\s]+@[^@\s]+$'::text))),
    CONSTRAINT contact_name_length CHECK (((length(btrim(name)) >= 1) AND (length(btrim(name)) <= 200)))
);

ALTER TABLE ONLY public.contact FORCE ROW LEVEL SECURITY;

COMMENT ON COLUMN public.contact.email IS 'Personal. Not unique: two sources may know the same person.';

CREATE TABLE public.deal (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    account_id uuid,
    owner_id uuid NOT NULL,
    team_id uuid,
    territory_id uuid,
    pipeline_id uuid NOT NULL,
    stage_id uuid NOT NULL,
    stage_kind text NOT NULL,
    amount bigint,
    currency text NOT NULL,
    recurring_amount bigint,
    close_date date,
    closed_at timestamp with time zone,
    forecast_category text NOT NULL,
    probability numeric(5,4) NOT NULL,
    next_step text,
    version integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    amount_key bigint GENERATED ALWAYS AS (COALESCE(amount, '9223372036854775807'::bigint)) STORED,
    close_key date GENERATED ALWAYS AS (COALESCE(close_date, 'infinity'::date)) STORED,
    CONSTRAINT deal_closed_when_closed CHECK (((stage_kind = 'OPEN'::text) = (closed_at IS NULL))),
    CONSTRAINT deal_currency_form CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT deal_forecast_category_known CHECK ((forecast_category = ANY (ARRAY['OMITTED'::text, 'PIPELINE'::text, 'BEST_CASE'::text, 'COMMIT'::text, 'CLOSED'::text]))),
    CONSTRAINT deal_name_length CHECK (((length(btrim(name)) >= 1) AND (length(btrim(name)) <= 300))),
    CONSTRAINT deal_next_step_length CHECK ((length(next_step) <= 2000)),
    CONSTRAINT deal_probability_share CHECK (((probability >= (0)::numeric) AND (probability <= (1)::numeric))),
    CONSTRAINT deal_stage_kind_known CHECK ((stage_kind = ANY (ARRAY['OPEN'::text, 'WON'::text, 'LOST'::text]))),
    CONSTRAINT deal_type_known CHECK ((type = ANY (ARRAY['NEW'::text, 'EXPANSION'::text, 'RENEWAL'::text])))
);

ALTER TABLE ONLY public.deal FORCE ROW LEVEL SECURITY;

COMMENT ON COLUMN public.deal.amount_key IS 'Sorts the amount; unknown comes last.';

COMMENT ON COLUMN public.deal.close_key IS 'Sorts the close date; unknown comes last.';

CREATE TABLE public.deal_version (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    version integer NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    valid_to timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    changed_by uuid,
    changed_by_token uuid,
    client text,
    history boolean DEFAULT false NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    account_id uuid,
    owner_id uuid NOT NULL,
    team_id uuid,
    territory_id uuid,
    pipeline_id uuid NOT NULL,
    stage_id uuid NOT NULL,
    stage_kind text NOT NULL,
    amount bigint,
    currency text NOT NULL,
    recurring_amount bigint,
    close_date date,
    closed_at timestamp with time zone,
    forecast_category text NOT NULL,
    probability numeric(5,4) NOT NULL,
    next_step text,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    amount_key bigint GENERATED ALWAYS AS (COALESCE(amount, '9223372036854775807'::bigint)) STORED,
    close_key date GENERATED ALWAYS AS (COALESCE(close_date, 'infinity'::date)) STORED,
    CONSTRAINT deal_version_order CHECK ((valid_from < valid_to))
);

ALTER TABLE ONLY public.deal_version FORCE ROW LEVEL SECURITY;

COMMENT ON COLUMN public.deal_version.history IS 'Written by an import of the past: exempt from gates, no event.';

CREATE TABLE public.event (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    seq bigint NOT NULL,
    entity text NOT NULL,
    entity_id uuid NOT NULL,
    version integer NOT NULL,
    action text NOT NULL,
    changed text[] NOT NULL,
    before jsonb,
    after jsonb,
    user_id uuid,
    token_id uuid,
    client text,
    request_id text,
    occurred_at timestamp with time zone NOT NULL,
    CONSTRAINT event_action_known CHECK ((action = ANY (ARRAY['CREATED'::text, 'UPDATED'::text, 'DELETED'::text])))
);

ALTER TABLE ONLY public.event FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE public.event IS 'Kept for 30 days; servers delete older rows.';

ALTER TABLE public.event ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.event_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.external_id (
    org_id uuid NOT NULL,
    entity text NOT NULL,
    system text NOT NULL,
    external_id text NOT NULL,
    entity_id uuid NOT NULL,
    CONSTRAINT external_id_entity_known CHECK ((entity = ANY (ARRAY['user'::text, 'team'::text, 'territory'::text, 'account'::text, 'contact'::text, 'product'::text, 'deal'::text]))),
    CONSTRAINT external_id_length CHECK (((length(external_id) >= 1) AND (length(external_id) <= 500))),
    CONSTRAINT external_id_system_form CHECK ((system ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text))
);

ALTER TABLE ONLY public.external_id FORCE ROW LEVEL SECURITY;

CREATE TABLE public.idempotency_key (
    org_id uuid NOT NULL,
    actor_id uuid NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    entity_id uuid,
    errors jsonb,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT idempotency_key_length CHECK (((length(key) >= 1) AND (length(key) <= 300)))
);

ALTER TABLE ONLY public.idempotency_key FORCE ROW LEVEL SECURITY;

COMMENT ON COLUMN public.idempotency_key.actor_id IS 'The user or service token that sent it: keys of different actors never meet.';

CREATE TABLE public.org (
    id uuid NOT NULL,
    key text NOT NULL,
    name text NOT NULL,
    currency text NOT NULL,
    time_zone text NOT NULL,
    fiscal_year_start_month smallint DEFAULT 1 NOT NULL,
    reference_version bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT org_currency_form CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT org_fiscal_month CHECK (((fiscal_year_start_month >= 1) AND (fiscal_year_start_month <= 12))),
    CONSTRAINT org_key_form CHECK ((key ~ '^[a-z][a-z0-9-]{1,62}$'::text)),
    CONSTRAINT org_name_length CHECK (((length(btrim(name)) >= 1) AND (length(btrim(name)) <= 200)))
);

ALTER TABLE ONLY public.org FORCE ROW LEVEL SECURITY;

COMMENT ON COLUMN public.org.reference_version IS 'Grows with every change of small tables that servers hold in memory; every transaction asks for it as it opens.';

CREATE TABLE public.org_lookup (
    key text NOT NULL,
    org_id uuid NOT NULL
);

CREATE TABLE public.pipeline (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    key text NOT NULL,
    name text NOT NULL,
    "position" integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT pipeline_key_form CHECK ((key ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text)),
    CONSTRAINT pipeline_name_length CHECK (((length(btrim(name)) >= 1) AND (length(btrim(name)) <= 200)))
);

ALTER TABLE ONLY public.pipeline FORCE ROW LEVEL SECURITY;

CREATE TABLE public.product (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    key text NOT NULL,
    name text NOT NULL,
    family text,
    unit_price bigint,
    currency text NOT NULL,
    active boolean DEFAULT true NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    price_key bigint GENERATED ALWAYS AS (COALESCE(unit_price, '9223372036854775807'::bigint)) STORED,
    description text,
    CONSTRAINT product_currency_form CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT product_description_length CHECK ((length(description) <= 2000)),
    CONSTRAINT product_key_form CHECK ((key ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text)),
    CONSTRAINT product_name_length CHECK (((length(btrim(name)) >= 1) AND (length(btrim(name)) <= 200))),
    CONSTRAINT product_price_positive CHECK ((unit_price >= 0))
);

ALTER TABLE ONLY public.product FORCE ROW LEVEL SECURITY;

CREATE TABLE public.reporting_line (
    org_id uuid NOT NULL,
    user_id uuid NOT NULL,
    team_id uuid NOT NULL,
    manager_id uuid,
    valid_from timestamp with time zone NOT NULL,
    valid_to timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    CONSTRAINT reporting_line_not_own_manager CHECK ((manager_id <> user_id)),
    CONSTRAINT reporting_line_order CHECK ((valid_from < valid_to))
);

ALTER TABLE ONLY public.reporting_line FORCE ROW LEVEL SECURITY;

CREATE TABLE public.role_grant (
    org_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL,
    granted_at timestamp with time zone NOT NULL,
    granted_by uuid,
    CONSTRAINT role_grant_role_known CHECK ((role = ANY (ARRAY['SALES'::text, 'SALES_MANAGER'::text, 'OPS'::text, 'CS'::text, 'LEADERSHIP'::text, 'FINANCE'::text, 'ADMIN'::text])))
);

ALTER TABLE ONLY public.role_grant FORCE ROW LEVEL SECURITY;

CREATE TABLE public.schema_migration (
    id integer NOT NULL,
    version_id bigint NOT NULL,
    is_applied boolean NOT NULL,
    tstamp timestamp without time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.schema_migration ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.schema_migration_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.service_token (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    roles text[] NOT NULL,
    user_id uuid,
    demo boolean DEFAULT false NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    created_by uuid,
    CONSTRAINT service_token_name_length CHECK (((length(btrim(name)) >= 1) AND (length(btrim(name)) <= 200))),
    CONSTRAINT service_token_person_is_demo CHECK (((user_id IS NULL) OR demo)),
    CONSTRAINT service_token_roles_known CHECK ((roles <@ ARRAY['SALES'::text, 'SALES_MANAGER'::text, 'OPS'::text, 'CS'::text, 'LEADERSHIP'::text, 'FINANCE'::text, 'ADMIN'::text, 'INTEGRATION'::text]))
);

ALTER TABLE ONLY public.service_token FORCE ROW LEVEL SECURITY;

CREATE TABLE public.stage (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    pipeline_id uuid NOT NULL,
    key text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    "position" integer NOT NULL,
    probability numeric(5,4) NOT NULL,
    forecast_category text NOT NULL,
    cs_visible boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT stage_forecast_category_known CHECK ((forecast_category = ANY (ARRAY['OMITTED'::text, 'PIPELINE'::text, 'BEST_CASE'::text, 'COMMIT'::text, 'CLOSED'::text]))),
    CONSTRAINT stage_key_form CHECK ((key ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text)),
    CONSTRAINT stage_kind_known CHECK ((kind = ANY (ARRAY['OPEN'::text, 'WON'::text, 'LOST'::text]))),
    CONSTRAINT stage_name_length CHECK (((length(btrim(name)) >= 1) AND (length(btrim(name)) <= 200))),
    CONSTRAINT stage_probability_share CHECK (((probability >= (0)::numeric) AND (probability <= (1)::numeric)))
);

ALTER TABLE ONLY public.stage FORCE ROW LEVEL SECURITY;

CREATE TABLE public.stage_visit (
    org_id uuid NOT NULL,
    deal_id uuid NOT NULL,
    number integer NOT NULL,
    stage_id uuid NOT NULL,
    entered_at timestamp with time zone NOT NULL,
    left_at timestamp with time zone,
    entered_by uuid,
    history boolean DEFAULT false NOT NULL,
    CONSTRAINT stage_visit_order CHECK ((entered_at < left_at))
);

ALTER TABLE ONLY public.stage_visit FORCE ROW LEVEL SECURITY;

CREATE TABLE public.team (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    parent_id uuid,
    manager_id uuid,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT team_name_length CHECK (((length(btrim(name)) >= 1) AND (length(btrim(name)) <= 200))),
    CONSTRAINT team_not_own_parent CHECK ((parent_id <> id))
);

ALTER TABLE ONLY public.team FORCE ROW LEVEL SECURITY;

CREATE TABLE public.territory (
    org_id uuid NOT NULL,
    id uuid NOT NULL,
    key text NOT NULL,
    name text NOT NULL,
    parent_id uuid,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT territory_key_form CHECK ((key ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text)),
    CONSTRAINT territory_name_length CHECK (((length(btrim(name)) >= 1) AND (length(btrim(name)) <= 200))),
    CONSTRAINT territory_not_own_parent CHECK ((parent_id <> id))
);

ALTER TABLE ONLY public.territory FORCE ROW LEVEL SECURITY;

CREATE TABLE public.territory_assignment (
    org_id uuid NOT NULL,
    territory_id uuid NOT NULL,
    user_id uuid NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    valid_to timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    CONSTRAINT territory_assignment_order CHECK ((valid_from < valid_to))
);

ALTER TABLE ONLY public.territory_assignment FORCE ROW LEVEL SECURITY;

CREATE TABLE public.token_allow (
    org_id uuid NOT NULL,
    token_id uuid NOT NULL,
    object text NOT NULL,
    action text NOT NULL,
    reach text NOT NULL,
    CONSTRAINT token_allow_reach_known CHECK ((reach = ANY (ARRAY['own'::text, 'credited'::text, 'team'::text, 'territory'::text, 'customers'::text, 'won'::text, 'cs_visible'::text, 'all'::text])))
);

ALTER TABLE ONLY public.token_allow FORCE ROW LEVEL SECURITY;

CREATE TABLE public.token_lookup (
    hash bytea NOT NULL,
    org_id uuid NOT NULL,
    token_id uuid NOT NULL
);

CREATE TABLE public.token_use (
    org_id uuid NOT NULL,
    token_id uuid NOT NULL,
    used_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.token_use FORCE ROW LEVEL SECURITY;

ALTER TABLE ONLY public.access_policy
    ADD CONSTRAINT access_policy_pkey PRIMARY KEY (org_id, role, object, action, reach);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (org_id, id);

ALTER TABLE ONLY public.app_user
    ADD CONSTRAINT app_user_email_unique UNIQUE (org_id, email);

ALTER TABLE ONLY public.app_user
    ADD CONSTRAINT app_user_pkey PRIMARY KEY (org_id, id);

ALTER TABLE ONLY public.audit_head
    ADD CONSTRAINT audit_head_pkey PRIMARY KEY (org_id);

ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (org_id, xid, id);

ALTER TABLE ONLY public.audit_personal
    ADD CONSTRAINT audit_personal_pkey PRIMARY KEY (org_id, id);

ALTER TABLE ONLY public.audit_seal
    ADD CONSTRAINT audit_seal_once UNIQUE (org_id, audit_xid, audit_id);

ALTER TABLE ONLY public.audit_seal
    ADD CONSTRAINT audit_seal_pkey PRIMARY KEY (org_id, number);

ALTER TABLE ONLY public.contact
    ADD CONSTRAINT contact_pkey PRIMARY KEY (org_id, id);

ALTER TABLE ONLY public.deal
    ADD CONSTRAINT deal_pkey PRIMARY KEY (org_id, id);

ALTER TABLE ONLY public.deal_version
    ADD CONSTRAINT deal_version_pkey PRIMARY KEY (org_id, id, version);

ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (org_id, id);

ALTER TABLE ONLY public.external_id
    ADD CONSTRAINT external_id_pkey PRIMARY KEY (org_id, entity, system, external_id);

ALTER TABLE ONLY public.idempotency_key
    ADD CONSTRAINT idempotency_key_pkey PRIMARY KEY (org_id, actor_id, key);

ALTER TABLE ONLY public.org
    ADD CONSTRAINT org_key_unique UNIQUE (key);

ALTER TABLE ONLY public.org_lookup
    ADD CONSTRAINT org_lookup_pkey PRIMARY KEY (key);

ALTER TABLE ONLY public.org
    ADD CONSTRAINT org_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.pipeline
    ADD CONSTRAINT pipeline_key_unique UNIQUE (org_id, key);

ALTER TABLE ONLY public.pipeline
    ADD CONSTRAINT pipeline_pkey PRIMARY KEY (org_id, id);

ALTER TABLE ONLY public.product
    ADD CONSTRAINT product_key_unique UNIQUE (org_id, key);

ALTER TABLE ONLY public.product
    ADD CONSTRAINT product_pkey PRIMARY KEY (org_id, id);

ALTER TABLE ONLY public.reporting_line
    ADD CONSTRAINT reporting_line_one_at_a_time EXCLUDE USING gist (org_id WITH =, user_id WITH =, tstzrange(valid_from, valid_to) WITH &&);

ALTER TABLE ONLY public.reporting_line
    ADD CONSTRAINT reporting_line_pkey PRIMARY KEY (org_id, user_id, valid_from);

ALTER TABLE ONLY public.role_grant
    ADD CONSTRAINT role_grant_pkey PRIMARY KEY (org_id, user_id, role);

ALTER TABLE ONLY public.schema_migration
    ADD CONSTRAINT schema_migration_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.service_token
    ADD CONSTRAINT service_token_pkey PRIMARY KEY (org_id, id);

ALTER TABLE ONLY public.stage
    ADD CONSTRAINT stage_in_pipeline UNIQUE (org_id, pipeline_id, id);

ALTER TABLE ONLY public.stage
    ADD CONSTRAINT stage_key_unique UNIQUE (org_id, pipeline_id, key);

ALTER TABLE ONLY public.stage
    ADD CONSTRAINT stage_pkey PRIMARY KEY (org_id, id);

ALTER TABLE ONLY public.stage
    ADD CONSTRAINT stage_position_unique UNIQUE (org_id, pipeline_id, "position") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.stage_visit
    ADD CONSTRAINT stage_visit_pkey PRIMARY KEY (org_id, deal_id, number);

ALTER TABLE ONLY public.team
    ADD CONSTRAINT team_name_unique UNIQUE NULLS NOT DISTINCT (org_id, parent_id, name);

ALTER TABLE ONLY public.team
    ADD CONSTRAINT team_pkey PRIMARY KEY (org_id, id);

ALTER TABLE ONLY public.territory_assignment
    ADD CONSTRAINT territory_assignment_once_at_a_time EXCLUDE USING gist (org_id WITH =, territory_id WITH =, user_id WITH =, tstzrange(valid_from, valid_to) WITH &&);

ALTER TABLE ONLY public.territory_assignment
    ADD CONSTRAINT territory_assignment_pkey PRIMARY KEY (org_id, territory_id, user_id, valid_from);

ALTER TABLE ONLY public.territory
    ADD CONSTRAINT territory_key_unique UNIQUE (org_id, key);

ALTER TABLE ONLY public.territory
    ADD CONSTRAINT territory_pkey PRIMARY KEY (org_id, id);

ALTER TABLE ONLY public.token_allow
    ADD CONSTRAINT token_allow_pkey PRIMARY KEY (org_id, token_id, object, action, reach);

ALTER TABLE ONLY public.token_lookup
    ADD CONSTRAINT token_lookup_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY public.token_use
    ADD CONSTRAINT token_use_pkey PRIMARY KEY (org_id, token_id);

CREATE INDEX account_created_idx ON public.account USING btree (org_id, created_at, id);

CREATE INDEX account_csm_idx ON public.account USING btree (org_id, csm_id);

CREATE INDEX account_employees_idx ON public.account USING btree (org_id, employees_key, id);

CREATE INDEX account_name_idx ON public.account USING btree (org_id, name, id);

CREATE INDEX account_owner_idx ON public.account USING btree (org_id, owner_id);

CREATE INDEX account_revenue_idx ON public.account USING btree (org_id, revenue_key, id);

CREATE INDEX app_user_created_idx ON public.app_user USING btree (org_id, created_at, id);

CREATE INDEX app_user_name_idx ON public.app_user USING btree (org_id, name, id);

CREATE INDEX audit_log_entity_idx ON public.audit_log USING btree (org_id, entity_id, occurred_at) WHERE (entity_id IS NOT NULL);

CREATE INDEX audit_log_occurred_idx ON public.audit_log USING btree (org_id, occurred_at, id);

CREATE INDEX contact_account_idx ON public.contact USING btree (org_id, account_id, name, id);

CREATE INDEX contact_created_idx ON public.contact USING btree (org_id, created_at, id);

CREATE INDEX contact_email_idx ON public.contact USING btree (org_id, email);

CREATE INDEX contact_name_idx ON public.contact USING btree (org_id, name, id);

CREATE INDEX contact_owner_idx ON public.contact USING btree (org_id, owner_id);

CREATE INDEX deal_account_idx ON public.deal USING btree (org_id, account_id, close_key, id);

CREATE INDEX deal_amount_idx ON public.deal USING btree (org_id, amount_key, id);

CREATE INDEX deal_close_idx ON public.deal USING btree (org_id, close_key, id);

CREATE INDEX deal_created_idx ON public.deal USING btree (org_id, created_at, id);

CREATE INDEX deal_name_idx ON public.deal USING btree (org_id, name, id);

CREATE INDEX deal_open_close_idx ON public.deal USING btree (org_id, stage_kind, close_key, id);

CREATE INDEX deal_owner_idx ON public.deal USING btree (org_id, owner_id, close_key, id);

CREATE INDEX deal_stage_idx ON public.deal USING btree (org_id, stage_id, close_key, id);

CREATE INDEX deal_team_idx ON public.deal USING btree (org_id, team_id, close_key, id);

CREATE INDEX deal_territory_idx ON public.deal USING btree (org_id, territory_id, close_key, id);

CREATE INDEX deal_updated_idx ON public.deal USING btree (org_id, updated_at, id);

CREATE UNIQUE INDEX deal_version_current_idx ON public.deal_version USING btree (org_id, id) WHERE (valid_to = 'infinity'::timestamp with time zone);

CREATE INDEX deal_version_time_idx ON public.deal_version USING btree (org_id, valid_from, valid_to);

CREATE INDEX event_order_idx ON public.event USING btree (org_id, xid, seq);

CREATE INDEX external_id_entity_idx ON public.external_id USING btree (org_id, entity, entity_id);

CREATE INDEX idempotency_key_created_idx ON public.idempotency_key USING btree (org_id, created_at);

CREATE INDEX product_name_idx ON public.product USING btree (org_id, name, id);

CREATE INDEX product_price_idx ON public.product USING btree (org_id, price_key, id);

CREATE INDEX reporting_line_team_idx ON public.reporting_line USING btree (org_id, team_id);

CREATE INDEX service_token_created_idx ON public.service_token USING btree (org_id, created_at, id);

CREATE INDEX service_token_name_idx ON public.service_token USING btree (org_id, name, id);

CREATE INDEX team_manager_idx ON public.team USING btree (org_id, manager_id);

CREATE INDEX team_name_idx ON public.team USING btree (org_id, name, id);

CREATE INDEX territory_assignment_user_idx ON public.territory_assignment USING btree (org_id, user_id);

CREATE INDEX territory_name_idx ON public.territory USING btree (org_id, name, id);

CREATE TRIGGER never_changed BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_log FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER never_changed BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_seal FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER reference_changed AFTER INSERT OR DELETE OR UPDATE ON public.access_policy FOR EACH STATEMENT EXECUTE FUNCTION public.bump_reference_version();

CREATE TRIGGER reference_changed AFTER INSERT OR DELETE OR UPDATE ON public.app_user FOR EACH STATEMENT EXECUTE FUNCTION public.bump_reference_version();

CREATE TRIGGER reference_changed AFTER INSERT OR DELETE OR UPDATE ON public.pipeline FOR EACH STATEMENT EXECUTE FUNCTION public.bump_reference_version();

CREATE TRIGGER reference_changed AFTER INSERT OR DELETE OR UPDATE ON public.reporting_line FOR EACH STATEMENT EXECUTE FUNCTION public.bump_reference_version();

CREATE TRIGGER reference_changed AFTER INSERT OR DELETE OR UPDATE ON public.role_grant FOR EACH STATEMENT EXECUTE FUNCTION public.bump_reference_version();

CREATE TRIGGER reference_changed AFTER INSERT OR DELETE OR UPDATE ON public.service_token FOR EACH STATEMENT EXECUTE FUNCTION public.bump_reference_version();

CREATE TRIGGER reference_changed AFTER INSERT OR DELETE OR UPDATE ON public.stage FOR EACH STATEMENT EXECUTE FUNCTION public.bump_reference_version();

CREATE TRIGGER reference_changed AFTER INSERT OR DELETE OR UPDATE ON public.team FOR EACH STATEMENT EXECUTE FUNCTION public.bump_reference_version();

CREATE TRIGGER reference_changed AFTER INSERT OR DELETE OR UPDATE ON public.territory FOR EACH STATEMENT EXECUTE FUNCTION public.bump_reference_version();

CREATE TRIGGER reference_changed AFTER INSERT OR DELETE OR UPDATE ON public.territory_assignment FOR EACH STATEMENT EXECUTE FUNCTION public.bump_reference_version();

CREATE TRIGGER reference_changed AFTER INSERT OR DELETE OR UPDATE ON public.token_allow FOR EACH STATEMENT EXECUTE FUNCTION public.bump_reference_version();

ALTER TABLE ONLY public.access_policy
    ADD CONSTRAINT access_policy_org_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_csm_fkey FOREIGN KEY (org_id, csm_id) REFERENCES public.app_user(org_id, id);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_org_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_owner_fkey FOREIGN KEY (org_id, owner_id) REFERENCES public.app_user(org_id, id);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_parent_fkey FOREIGN KEY (org_id, parent_id) REFERENCES public.account(org_id, id);

ALTER TABLE ONLY public.app_user
    ADD CONSTRAINT app_user_org_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.contact
    ADD CONSTRAINT contact_account_fkey FOREIGN KEY (org_id, account_id) REFERENCES public.account(org_id, id);

ALTER TABLE ONLY public.contact
    ADD CONSTRAINT contact_org_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.contact
    ADD CONSTRAINT contact_owner_fkey FOREIGN KEY (org_id, owner_id) REFERENCES public.app_user(org_id, id);

ALTER TABLE ONLY public.deal
    ADD CONSTRAINT deal_account_fkey FOREIGN KEY (org_id, account_id) REFERENCES public.account(org_id, id);

ALTER TABLE ONLY public.deal
    ADD CONSTRAINT deal_org_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.deal
    ADD CONSTRAINT deal_owner_fkey FOREIGN KEY (org_id, owner_id) REFERENCES public.app_user(org_id, id);

ALTER TABLE ONLY public.deal
    ADD CONSTRAINT deal_stage_fkey FOREIGN KEY (org_id, pipeline_id, stage_id) REFERENCES public.stage(org_id, pipeline_id, id);

ALTER TABLE ONLY public.deal
    ADD CONSTRAINT deal_team_fkey FOREIGN KEY (org_id, team_id) REFERENCES public.team(org_id, id);

ALTER TABLE ONLY public.deal
    ADD CONSTRAINT deal_territory_fkey FOREIGN KEY (org_id, territory_id) REFERENCES public.territory(org_id, id);

ALTER TABLE ONLY public.deal_version
    ADD CONSTRAINT deal_version_deal_fkey FOREIGN KEY (org_id, id) REFERENCES public.deal(org_id, id);

ALTER TABLE ONLY public.deal_version
    ADD CONSTRAINT deal_version_org_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.deal_version
    ADD CONSTRAINT deal_version_token_fkey FOREIGN KEY (org_id, changed_by_token) REFERENCES public.service_token(org_id, id);

ALTER TABLE ONLY public.deal_version
    ADD CONSTRAINT deal_version_user_fkey FOREIGN KEY (org_id, changed_by) REFERENCES public.app_user(org_id, id);

ALTER TABLE ONLY public.external_id
    ADD CONSTRAINT external_id_org_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.idempotency_key
    ADD CONSTRAINT idempotency_key_org_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.org_lookup
    ADD CONSTRAINT org_lookup_org_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.pipeline
    ADD CONSTRAINT pipeline_org_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.product
    ADD CONSTRAINT product_org_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.reporting_line
    ADD CONSTRAINT reporting_line_manager_fkey FOREIGN KEY (org_id, manager_id) REFERENCES public.app_user(org_id, id);

ALTER TABLE ONLY public.reporting_line
    ADD CONSTRAINT reporting_line_org_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.reporting_line
    ADD CONSTRAINT reporting_line_team_fkey FOREIGN KEY (org_id, team_id) REFERENCES public.team(org_id, id);

ALTER TABLE ONLY public.reporting_line
    ADD CONSTRAINT reporting_line_user_fkey FOREIGN KEY (org_id, user_id) REFERENCES public.app_user(org_id, id);

ALTER TABLE ONLY public.role_grant
    ADD CONSTRAINT role_grant_org_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.role_grant
    ADD CONSTRAINT role_grant_user_fkey FOREIGN KEY (org_id, user_id) REFERENCES public.app_user(org_id, id);

ALTER TABLE ONLY public.service_token
    ADD CONSTRAINT service_token_org_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.service_token
    ADD CONSTRAINT service_token_user_fkey FOREIGN KEY (org_id, user_id) REFERENCES public.app_user(org_id, id);

ALTER TABLE ONLY public.stage
    ADD CONSTRAINT stage_org_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.stage
    ADD CONSTRAINT stage_pipeline_fkey FOREIGN KEY (org_id, pipeline_id) REFERENCES public.pipeline(org_id, id);

ALTER TABLE ONLY public.stage_visit
    ADD CONSTRAINT stage_visit_deal_fkey FOREIGN KEY (org_id, deal_id) REFERENCES public.deal(org_id, id);

ALTER TABLE ONLY public.stage_visit
    ADD CONSTRAINT stage_visit_org_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.stage_visit
    ADD CONSTRAINT stage_visit_stage_fkey FOREIGN KEY (org_id, stage_id) REFERENCES public.stage(org_id, id);

ALTER TABLE ONLY public.stage_visit
    ADD CONSTRAINT stage_visit_user_fkey FOREIGN KEY (org_id, entered_by) REFERENCES public.app_user(org_id, id);

ALTER TABLE ONLY public.team
    ADD CONSTRAINT team_manager_fkey FOREIGN KEY (org_id, manager_id) REFERENCES public.app_user(org_id, id);

ALTER TABLE ONLY public.team
    ADD CONSTRAINT team_org_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.team
    ADD CONSTRAINT team_parent_fkey FOREIGN KEY (org_id, parent_id) REFERENCES public.team(org_id, id);

ALTER TABLE ONLY public.territory_assignment
    ADD CONSTRAINT territory_assignment_org_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.territory_assignment
    ADD CONSTRAINT territory_assignment_territory_fkey FOREIGN KEY (org_id, territory_id) REFERENCES public.territory(org_id, id);

ALTER TABLE ONLY public.territory_assignment
    ADD CONSTRAINT territory_assignment_user_fkey FOREIGN KEY (org_id, user_id) REFERENCES public.app_user(org_id, id);

ALTER TABLE ONLY public.territory
    ADD CONSTRAINT territory_org_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.territory
    ADD CONSTRAINT territory_parent_fkey FOREIGN KEY (org_id, parent_id) REFERENCES public.territory(org_id, id);

ALTER TABLE ONLY public.token_allow
    ADD CONSTRAINT token_allow_org_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.token_allow
    ADD CONSTRAINT token_allow_token_fkey FOREIGN KEY (org_id, token_id) REFERENCES public.service_token(org_id, id);

ALTER TABLE ONLY public.token_lookup
    ADD CONSTRAINT token_lookup_org_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.token_use
    ADD CONSTRAINT token_use_org_fkey FOREIGN KEY (org_id) REFERENCES public.org(id);

ALTER TABLE ONLY public.token_use
    ADD CONSTRAINT token_use_token_fkey FOREIGN KEY (org_id, token_id) REFERENCES public.service_token(org_id, id);

ALTER TABLE public.access_policy ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.account ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.app_user ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.audit_head ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.audit_log ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.audit_personal ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.audit_seal ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.contact ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.deal ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.deal_version ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.event ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.external_id ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.idempotency_key ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.org ENABLE ROW LEVEL SECURITY;

CREATE POLICY org_boundary ON public.access_policy TO entente_owner, entente_app USING ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)) WITH CHECK ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid));

CREATE POLICY org_boundary ON public.account TO entente_owner, entente_app USING ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)) WITH CHECK ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid));

CREATE POLICY org_boundary ON public.app_user TO entente_owner, entente_app USING ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)) WITH CHECK ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid));

CREATE POLICY org_boundary ON public.audit_head TO entente_owner, entente_app USING ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)) WITH CHECK ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid));

CREATE POLICY org_boundary ON public.audit_log TO entente_owner, entente_app USING ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)) WITH CHECK ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid));

CREATE POLICY org_boundary ON public.audit_personal TO entente_owner, entente_app USING ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)) WITH CHECK ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid));

CREATE POLICY org_boundary ON public.audit_seal TO entente_owner, entente_app USING ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)) WITH CHECK ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid));

CREATE POLICY org_boundary ON public.contact TO entente_owner, entente_app USING ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)) WITH CHECK ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid));

CREATE POLICY org_boundary ON public.deal TO entente_owner, entente_app USING ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)) WITH CHECK ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid));

CREATE POLICY org_boundary ON public.deal_version TO entente_owner, entente_app USING ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)) WITH CHECK ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid));

CREATE POLICY org_boundary ON public.event TO entente_owner, entente_app USING ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)) WITH CHECK ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid));

CREATE POLICY org_boundary ON public.external_id TO entente_owner, entente_app USING ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)) WITH CHECK ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid));

CREATE POLICY org_boundary ON public.idempotency_key TO entente_owner, entente_app USING ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)) WITH CHECK ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid));

CREATE POLICY org_boundary ON public.org TO entente_owner, entente_app USING ((id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)) WITH CHECK ((id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid));

CREATE POLICY org_boundary ON public.pipeline TO entente_owner, entente_app USING ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)) WITH CHECK ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid));

CREATE POLICY org_boundary ON public.product TO entente_owner, entente_app USING ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)) WITH CHECK ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid));

CREATE POLICY org_boundary ON public.reporting_line TO entente_owner, entente_app USING ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)) WITH CHECK ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid));

CREATE POLICY org_boundary ON public.role_grant TO entente_owner, entente_app USING ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)) WITH CHECK ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid));

CREATE POLICY org_boundary ON public.service_token TO entente_owner, entente_app USING ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)) WITH CHECK ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid));

CREATE POLICY org_boundary ON public.stage TO entente_owner, entente_app USING ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)) WITH CHECK ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid));

CREATE POLICY org_boundary ON public.stage_visit TO entente_owner, entente_app USING ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)) WITH CHECK ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid));

CREATE POLICY org_boundary ON public.team TO entente_owner, entente_app USING ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)) WITH CHECK ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid));

CREATE POLICY org_boundary ON public.territory TO entente_owner, entente_app USING ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)) WITH CHECK ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid));

CREATE POLICY org_boundary ON public.territory_assignment TO entente_owner, entente_app USING ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)) WITH CHECK ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid));

CREATE POLICY org_boundary ON public.token_allow TO entente_owner, entente_app USING ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)) WITH CHECK ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid));

CREATE POLICY org_boundary ON public.token_use TO entente_owner, entente_app USING ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)) WITH CHECK ((org_id = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid));

ALTER TABLE public.pipeline ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.product ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.reporting_line ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.role_grant ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.service_token ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.stage ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.stage_visit ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.team ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.territory ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.territory_assignment ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.token_allow ENABLE ROW LEVEL SECURITY;

ALTER TABLE public.token_use ENABLE ROW LEVEL SECURITY;

REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO entente_app;
GRANT USAGE ON SCHEMA public TO entente_search;
GRANT USAGE ON SCHEMA public TO entente_backup;

REVOKE ALL ON FUNCTION public.bump_reference_version() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.guard_org_table(tbl regclass, org_column text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.refuse_change() FROM PUBLIC;

REVOKE ALL ON FUNCTION public.watch_reference_table(tbl regclass) FROM PUBLIC;

GRANT SELECT,INSERT,DELETE ON TABLE public.access_policy TO entente_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.account TO entente_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.app_user TO entente_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.audit_head TO entente_app;

GRANT SELECT,INSERT ON TABLE public.audit_log TO entente_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.audit_personal TO entente_app;

GRANT SELECT,INSERT ON TABLE public.audit_seal TO entente_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.contact TO entente_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.deal TO entente_app;

GRANT SELECT,INSERT ON TABLE public.deal_version TO entente_app;

GRANT UPDATE(valid_to) ON TABLE public.deal_version TO entente_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.event TO entente_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.external_id TO entente_app;

GRANT UPDATE(entity_id) ON TABLE public.external_id TO entente_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.idempotency_key TO entente_app;

GRANT SELECT,INSERT ON TABLE public.org TO entente_app;

GRANT UPDATE(name) ON TABLE public.org TO entente_app;

GRANT UPDATE(currency) ON TABLE public.org TO entente_app;

GRANT UPDATE(time_zone) ON TABLE public.org TO entente_app;

GRANT UPDATE(fiscal_year_start_month) ON TABLE public.org TO entente_app;

GRANT UPDATE(reference_version) ON TABLE public.org TO entente_app;

GRANT SELECT,INSERT ON TABLE public.org_lookup TO entente_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.pipeline TO entente_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.product TO entente_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.reporting_line TO entente_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.role_grant TO entente_app;

GRANT SELECT ON TABLE public.schema_migration TO entente_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.service_token TO entente_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.stage TO entente_app;

GRANT SELECT,INSERT ON TABLE public.stage_visit TO entente_app;

GRANT UPDATE(left_at) ON TABLE public.stage_visit TO entente_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.team TO entente_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.territory TO entente_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.territory_assignment TO entente_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.token_allow TO entente_app;

GRANT SELECT,INSERT,DELETE ON TABLE public.token_lookup TO entente_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.token_use TO entente_app;

ALTER DEFAULT PRIVILEGES FOR ROLE entente_owner REVOKE ALL ON FUNCTIONS  FROM PUBLIC;
