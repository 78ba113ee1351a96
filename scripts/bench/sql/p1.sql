-- P1: one deal with its owner, account and stage.
select d.id, d.name, d.amount, d.currency, d.close_date, u.id, u.name, a.id, a.name, s.id, s.name
  from deal d
  join app_user u on u.org_id = d.org_id and u.id = d.owner_id
  left join account a on a.org_id = d.org_id and a.id = d.account_id
  join stage s on s.org_id = d.org_id and s.id = d.stage_id
 where d.org_id = '{org}'
   and d.id = '{deal}';
