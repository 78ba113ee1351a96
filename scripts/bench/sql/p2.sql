-- P2: the first fifty open deals by close date, with owner, account, stage and the last three visits of each.
select d.id, d.name, d.amount, d.currency, d.close_date, d.close_key, u.id, u.name, a.id, a.name, s.id, s.name,
       v.number, v.stage, v.entered_at, v.left_at
  from (select *
          from deal
         where org_id = '{org}'
           and stage_kind = 'OPEN'
         order by close_key, id
         limit 51) d
  join app_user u on u.org_id = d.org_id and u.id = d.owner_id
  left join account a on a.org_id = d.org_id and a.id = d.account_id
  join stage s on s.org_id = d.org_id and s.id = d.stage_id
 cross join lateral (
       select w.number, t.name as stage, w.entered_at, w.left_at
         from stage_visit w
         join stage t on t.org_id = w.org_id and t.id = w.stage_id
        where w.org_id = d.org_id
          and w.deal_id = d.id
        order by w.number desc
        limit 3) v
 order by d.close_key, d.id, v.number;
