-- The roles and the rights that the migrations build on. Run as a superuser in the database, which exists already; may
-- be repeated. A role that exists is left as it is, except that the database must belong to entente_owner.

-- Owns the database and runs the migrations. Not a superuser: row level security holds for it where it is forced.
do $$
begin
  create role entente_owner login;
exception when duplicate_object or unique_violation then null;
end $$;

-- Serves requests: no DDL, and row level security always.
do $$
begin
  create role entente_app login;
exception when duplicate_object or unique_violation then null;
end $$;

-- Owns the search function, which runs with its rights; nobody connects as it. The owner's membership lets a migration
-- hand the function over.
do $$
begin
  create role entente_search nologin;
  grant entente_search to entente_owner;
exception when duplicate_object or unique_violation then null;
end $$;

-- Reads every row of every org, for backups, and writes none.
do $$
begin
  create role entente_backup login bypassrls;
  grant pg_read_all_data to entente_backup;
  alter role entente_backup set default_transaction_read_only = on;
exception when duplicate_object or unique_violation then null;
end $$;

do $$
begin
  if (select pg_get_userbyid(datdba) from pg_database where datname = current_database()) <> 'entente_owner' then
    execute format('alter database %I owner to entente_owner', current_database());
  end if;
end $$;

revoke all on schema public from public;
grant usage on schema public to entente_app, entente_search, entente_backup;
