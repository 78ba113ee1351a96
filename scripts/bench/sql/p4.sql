-- P4: fifty open deals by close date from deep in the list, with owner, account and stage.
select d.id, d.name, d.amount, d.currency, d.close_date, d.close_key, u.id, u.name, a.id, a.name, s.id, s.name
  from (select *
          from deal
         where org_id = '{org}'
           and stage_kind = 'OPEN'
           and (close_key, id) > ('{close}', '{deal}')
         order by close_key, id
         limit 51) d
  join app_user u on u.org_id = d.org_id and u.id = d.owner_id
  left join account a on a.org_id = d.org_id and a.id = d.account_id
  join stage s on s.org_id = d.org_id and s.id = d.stage_id
 order by d.close_key, d.id;
