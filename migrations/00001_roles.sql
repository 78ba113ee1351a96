-- The groundwork: what later migrations take for granted about extensions and rights.

-- +goose Up

-- Text search. A trusted extension, so the owner may create it. Before the default below, which would close its
-- functions to the app role.
create extension if not exists pg_trgm;

-- A function can be called by the roles it was granted to, not by everybody: some run with their owner's rights.
alter default privileges revoke execute on functions from public;

-- The server tells by it whether the database fits (/readyz).
grant select on public.schema_migration to entente_app;
