package main

import (
	"context"
	"fmt"
	"time"

	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// moving is how many deals each connection moves to and fro. No two connections move the same, so that none waits for
// another's lock.
const moving = 6

// mover makes the requests of M1: a connection moves its deals to one stage, then back.
type mover struct {
	org      id.UUID
	from, to id.UUID
	requests [][]*request // by connection: there, then back
	position []int
}

// newMover takes open deals of one pipeline, and gives others of it to pgbench.
func (b *stand) newMover(ctx context.Context) (*mover, error) {
	m := &mover{org: b.org, position: make([]int, b.Connections)}
	type stages struct {
		From id.UUID `db:"from_stage"`
		To   id.UUID `db:"to_stage"`
	}
	s, err := one[stages](ctx, b, fmt.Sprintf(`
		select d.stage_id as from_stage,
		       (select t.id from stage t where t.pipeline_id = d.pipeline_id and t.kind = 'OPEN' and t.id <> d.stage_id limit 1) as to_stage
		  from deal d
		 where d.org_id = '%s'
		   and d.stage_kind = 'OPEN'
		 group by d.pipeline_id, d.stage_id
		 order by count(*) desc
		 limit 1`, b.org))
	if err != nil {
		return nil, err
	}
	m.from, m.to = s.From, s.To
	need := (b.Connections + limitConnections()) * moving
	// They lie between the pages that are read, whose answers may not change.
	deals, err := b.ids(ctx, `
		select id
		  from (select id, pipeline_id, row_number() over (order by close_key, id) as rank
		          from deal
		         where org_id = '%s'
		           and stage_kind = 'OPEN') listed
		 where pipeline_id = (select pipeline_id from stage where id = '%s')
		   and rank between 60 and %d
		 order by md5(id::text)
		 limit %d`, b.org, m.from, b.facts.Open/2-60, need)
	if err != nil {
		return nil, err
	}
	if len(deals) < need {
		return nil, fmt.Errorf("%d deals are too few to move; fewer connections need fewer", len(deals))
	}
	for i := range b.Connections {
		m.requests = append(m.requests, m.of(deals[i*moving:(i+1)*moving]))
	}
	return m, b.handOut(ctx, deals[b.Connections*moving:])
}

func (m *mover) of(deals []id.UUID) []*request {
	var out []*request
	for _, stage := range []id.UUID{m.to, m.from} {
		for _, d := range deals {
			vars := map[string]any{"id": id.Global(id.DealKind, d), "stage": id.Global(id.StageKind, stage)}
			out = append(out, &request{bytes: post("Bearer "+token, encode(m1, vars)), must: []byte(`"errors":[]`), size: len(
				fmt.Sprintf(`{"data":{"dealUpdate":{"deal":{"id":%q,"version":12,"stage":{"id":%q}},"errors":[]}}}`, vars["id"], vars["stage"]))})
		}
	}
	return out
}

// handOut tells pgbench's connections which deals are theirs.
func (b *stand) handOut(ctx context.Context, deals []id.UUID) error {
	return b.super.Write(ctx, pg.Session{Timeout: time.Minute}, func(tx *pg.Tx) error {
		for _, statement := range []string{
			`create table if not exists bench_move (client int, n int, deal uuid not null, primary key (client, n))`, `truncate bench_move`,
		} {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `
			insert into bench_move (client, n, deal)
			select (i - 1) / $2::int, (i - 1) % $2::int, deal
			  from unnest($1::uuid[]) with ordinality as d (deal, i)`, id.Array(deals), moving)
		return err
	})
}

func (m *mover) next(connection, _ int) *request {
	r := m.requests[connection]
	m.position[connection]++
	return r[(m.position[connection]-1)%len(r)]
}

func (m *mover) script() map[string]string {
	return map[string]string{"org": m.org.String(), "from": m.from.String(), "to": m.to.String(), "moving": fmt.Sprint(moving)}
}
